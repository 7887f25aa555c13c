// Calico's node status reporter, which is a part of calico-node, as a program of its own.
package main

import "github.com/projectcalico/calico/node/pkg/status"

func main() {
	status.Run()
}

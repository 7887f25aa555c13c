// Pulumi's Kubernetes provider, built from its Go module: the release binary cannot be fetched everywhere.
// schema.json is the module's own, laid in here at build time (lab/engine/build.py).
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

// version is set at build time to the version of the pinned Python package.
var version string

func main() {
	provider.Serve("kubernetes", version, schema, []byte("{}"))
}

// Pulumi's OpenStack provider for the tokens that the program uses, built from Go modules: the release
// binary cannot be fetched everywhere. It is Terraform's provider under Pulumi's bridge, as the release
// is; every token is that of the pinned Python package.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
)

// version is set at build time to the version of the pinned Python package.
var version string

// Terraform's name of a resource, and its module and class in the Python package.
var resources = map[string]string{
	"openstack_compute_instance_v2":                "compute/instance:Instance",
	"openstack_compute_keypair_v2":                 "compute/keypair:Keypair",
	"openstack_networking_floatingip_associate_v2": "networking/floatingIpAssociate:FloatingIpAssociate",
	"openstack_networking_floatingip_v2":           "networking/floatingIp:FloatingIp",
	"openstack_networking_network_v2":              "networking/network:Network",
	"openstack_networking_port_v2":                 "networking/port:Port",
	"openstack_networking_secgroup_rule_v2":        "networking/secGroupRule:SecGroupRule",
	"openstack_networking_secgroup_v2":             "networking/secGroup:SecGroup",
	"openstack_networking_subnet_v2":               "networking/subnet:Subnet",
}

// The same of what is only read.
var dataSources = map[string]string{
	"openstack_compute_flavor_v2":      "compute/getFlavor:getFlavor",
	"openstack_images_image_v2":        "images/getImage:getImage",
	"openstack_networking_network_v2":  "networking/getNetwork:getNetwork",
	"openstack_networking_port_v2":     "networking/getPort:getPort",
	"openstack_networking_secgroup_v2": "networking/getSecGroup:getSecGroup",
	"openstack_networking_subnet_v2":   "networking/getSubnet:getSubnet",
}

func main() {
	info := tfbridge.ProviderInfo{
		P:           shim.NewProvider(openstack.Provider()),
		Name:        "openstack",
		Version:     version,
		Resources:   map[string]*tfbridge.ResourceInfo{},
		DataSources: map[string]*tfbridge.DataSourceInfo{},
	}
	for name, token := range resources {
		info.Resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type("openstack:" + token)}
	}
	for name, token := range dataSources {
		info.DataSources[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember("openstack:" + token)}
	}
	// A resource without a name of its own gets its Pulumi name and some random characters.
	info.SetAutonaming(255, "-")
	tfbridge.Main("openstack", version, info, []byte("{}"))
}

"""BGPConfiguration of projectcalico.org/v3, as a type checker knows it.

Made by `make types` from Calico's own schema, whose words these are; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from components.calico.types.shared import BGPPassword


class Community(TypedDict):
    """Community contains standard or large community value and its name."""

    name: str
    """Name given to community value."""
    value: str
    r"""Value must be of format `aa:nn` or `aa:nn:mm`. For standard community use `aa:nn` format, where `aa`
    and `nn` are 16 bit number. For large community use `aa:nn:mm` format, where `aa`, `nn` and `mm` are 32
    bit number. Where, `aa` is an AS Number, `nn` and `mm` are per-AS identifier. Has to match
    `^(\d+):(\d+)$|^(\d+):(\d+):(\d+)$`.
    """


class PrefixAdvertisement(TypedDict):
    """PrefixAdvertisement configures advertisement properties for the specified CIDR."""

    cidr: str
    """CIDR for which properties should be advertised."""
    communities: list[str]
    """Communities can be list of either community names already defined in `Specs.Communities` or community
    value of format `aa:nn` or `aa:nn:mm`. For standard community use `aa:nn` format, where `aa` and `nn` are
    16 bit number. For large community use `aa:nn:mm` format, where `aa`, `nn` and `mm` are 32 bit number.
    Where,`aa` is an AS Number, `nn` and `mm` are per-AS identifier.
    """


class ServiceClusterIPBlock(TypedDict):
    """ServiceClusterIPBlock represents a single allowed ClusterIP CIDR block."""

    cidr: NotRequired[str]


class ServiceExternalIPBlock(TypedDict):
    """ServiceExternalIPBlock represents a single allowed External IP CIDR block."""

    cidr: NotRequired[str]


class ServiceLoadBalancerIPBlock(TypedDict):
    """ServiceLoadBalancerIPBlock represents a single allowed LoadBalancer IP CIDR block."""

    cidr: NotRequired[str]


class BGPConfigurationSpec(TypedDict):
    """BGPConfigurationSpec contains the values of the BGP configuration."""

    asNumber: NotRequired[int]
    """ASNumber is the default AS number used by a node. [Default: 64512] From 0 to 2147483647."""
    bindMode: NotRequired[Literal["None", "NodeIP"]]
    """BindMode indicates whether to listen for BGP connections on all addresses (None) or only on the node's
    canonical IP address Node.Spec.BGP.IPvXAddress (NodeIP). Default behaviour is to listen for BGP
    connections on all addresses.
    """
    communities: NotRequired[list[Community]]
    """Communities is a list of BGP community values and their arbitrary names for tagging routes."""
    ignoredInterfaces: NotRequired[list[str]]
    """IgnoredInterfaces indicates the network interfaces that needs to be excluded when reading device
    routes.
    """
    listenPort: NotRequired[int]
    """ListenPort is the port where BGP protocol should listen. Defaults to 179. From 1 to 65535."""
    localWorkloadPeeringIPV4: NotRequired[str]
    """The virtual IPv4 address of the node with which its local workload is expected to peer. It is
    recommended to use a link-local address.
    """
    localWorkloadPeeringIPV6: NotRequired[str]
    """The virtual IPv6 address of the node with which its local workload is expected to peer. It is
    recommended to use a link-local address.
    """
    logSeverityScreen: NotRequired[Literal["Trace", "Debug", "Info", "Warning", "Error", "Fatal"]]
    """LogSeverityScreen is the log severity above which logs are sent to the stdout. [Default: INFO]"""
    nodeMeshMaxRestartTime: NotRequired[str]
    """Time to allow for software restart for node-to-mesh peerings. When specified, this is configured as the
    graceful restart timeout. When not specified, the BIRD default of 120s is used. This field can only be set
    on the default BGPConfiguration instance and requires that NodeMesh is enabled.
    """
    nodeMeshPassword: NotRequired[BGPPassword]
    """Optional BGP password for full node-to-mesh peerings. This field can only be set on the default
    BGPConfiguration instance and requires that NodeMesh is enabled.
    """
    nodeToNodeMeshEnabled: NotRequired[bool]
    """NodeToNodeMeshEnabled sets whether full node to node BGP mesh is enabled. [Default: true]"""
    prefixAdvertisements: NotRequired[list[PrefixAdvertisement]]
    """PrefixAdvertisements contains per-prefix advertisement configuration."""
    serviceClusterIPs: NotRequired[list[ServiceClusterIPBlock]]
    """ServiceClusterIPs are the CIDR blocks from which service cluster IPs are allocated. If specified,
    Calico will advertise these blocks, as well as any cluster IPs within them.
    """
    serviceExternalIPs: NotRequired[list[ServiceExternalIPBlock]]
    """ServiceExternalIPs are the CIDR blocks for Kubernetes Service External IPs. Kubernetes Service
    ExternalIPs will only be advertised if they are within one of these blocks.
    """
    serviceLoadBalancerAggregation: NotRequired[Literal["Enabled", "Disabled"]]
    """ServiceLoadBalancerAggregation controls how LoadBalancer service IPs are advertised. When set to
    "Disabled", individual /32 routes are advertised for each service instead of the full CIDR range. This is
    useful for anycast failover mechanisms where failed service routes need to be withdrawn. [Default:
    Enabled]
    """
    serviceLoadBalancerIPs: NotRequired[list[ServiceLoadBalancerIPBlock]]
    """ServiceLoadBalancerIPs are the CIDR blocks for Kubernetes Service LoadBalancer IPs. Kubernetes Service
    status.LoadBalancer.Ingress IPs will only be advertised if they are within one of these blocks.
    """


class BGPConfiguration(TypedDict):
    """A whole BGPConfiguration."""

    apiVersion: Literal["projectcalico.org/v3"]
    kind: Literal["BGPConfiguration"]
    metadata: dict[str, Any]
    spec: BGPConfigurationSpec

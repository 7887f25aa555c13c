"""BGPFilter of projectcalico.org/v3, as a type checker knows it.

Made by `make types` from Calico's own schema, whose words these are; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class BGPFilterPrefixLengthV4(TypedDict):
    """BGPFilterPrefixLengthV4 of Calico."""

    max: NotRequired[int]
    """From 0 to 32."""
    min: NotRequired[int]
    """From 0 to 32."""


class BGPFilterRuleV4(TypedDict):
    """BGPFilterRuleV4 defines a BGP filter rule consisting a single IPv4 CIDR block and a filter action for
    this CIDR.
    """

    action: Literal["Accept", "Reject"]
    cidr: NotRequired[str]
    interface: NotRequired[str]
    """Has to match `^[a-zA-Z0-9_.*-]{1,15}$`."""
    matchOperator: NotRequired[Literal["Equal", "In", "NotEqual", "NotIn"]]
    prefixLength: NotRequired[BGPFilterPrefixLengthV4]
    source: NotRequired[Literal["RemotePeers"]]


class BGPFilterPrefixLengthV6(TypedDict):
    """BGPFilterPrefixLengthV6 of Calico."""

    max: NotRequired[int]
    """From 0 to 128."""
    min: NotRequired[int]
    """From 0 to 128."""


class BGPFilterRuleV6(TypedDict):
    """BGPFilterRuleV6 defines a BGP filter rule consisting a single IPv6 CIDR block and a filter action for
    this CIDR.
    """

    action: Literal["Accept", "Reject"]
    cidr: NotRequired[str]
    interface: NotRequired[str]
    """Has to match `^[a-zA-Z0-9_.*-]{1,15}$`."""
    matchOperator: NotRequired[Literal["Equal", "In", "NotEqual", "NotIn"]]
    prefixLength: NotRequired[BGPFilterPrefixLengthV6]
    source: NotRequired[Literal["RemotePeers"]]


class BGPFilterSpec(TypedDict):
    """BGPFilterSpec contains the IPv4 and IPv6 filter rules of the BGP Filter."""

    exportV4: NotRequired[list[BGPFilterRuleV4]]
    """The ordered set of IPv4 BGPFilter rules acting on exporting routes to a peer."""
    exportV6: NotRequired[list[BGPFilterRuleV6]]
    """The ordered set of IPv6 BGPFilter rules acting on exporting routes to a peer."""
    importV4: NotRequired[list[BGPFilterRuleV4]]
    """The ordered set of IPv4 BGPFilter rules acting on importing routes from a peer."""
    importV6: NotRequired[list[BGPFilterRuleV6]]
    """The ordered set of IPv6 BGPFilter rules acting on importing routes from a peer."""


class BGPFilter(TypedDict):
    """A whole BGPFilter."""

    apiVersion: Literal["projectcalico.org/v3"]
    kind: Literal["BGPFilter"]
    metadata: dict[str, Any]
    spec: BGPFilterSpec

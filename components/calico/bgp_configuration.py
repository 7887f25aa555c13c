"""Component: our part of one BGPConfiguration, `default` or a node's, which belong to the cluster.

What was there before us is a resource of its own for each place, saved before the first write; one resource
then writes the part. Several of these may share an object: each has its own places, and comes and goes for
itself. Let those after the first depend on it, so that the one that made the object goes last.

Others use it as well: for the mesh alone, for instance, `{"values": {"nodeToNodeMeshEnabled": False}}`, which
`destroy` puts back to what it was as soon as nothing depends on it any more. Not here: whether a value of
somebody else's is in the way (bgp_configuration_conflicts.py, asked by preflight.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NotRequired

import pulumi

from components.calico.bgp_configuration_fields import CLUSTER_IPS, DEFAULT, canonical_keys
from components.calico.bgp_configuration_part import Part, PartArgs
from components.calico.bgp_configuration_provider import BgpConfigurationPart
from components.calico.default_before_provider import DefaultBefore
from components.calico.stack_name import stack_name

# The types of the resources under which older versions kept the service networks.
_OLDER_PART = "pulumi-python:dynamic/calico-peering:ServiceNetworks"


class BgpConfigurationArgs(PartArgs):
    """Our part, and how to reach the cluster."""

    object: NotRequired[str]
    """`default`, the default, or `node.<name>`."""
    take_over: NotRequired[Collection[str]]
    """Where another's value may be written over, as in `values`. Default: nowhere, it is an error."""
    kubeconfig: NotRequired[pulumi.Input[str] | None]
    """Path, never the content; default: the ambient kubeconfig."""
    context: NotRequired[pulumi.Input[str] | None]
    """Default: the kubeconfig's current context."""
    calico_api: NotRequired[pulumi.Input[str] | None]
    """Default: projectcalico.org/v3."""
    formerly: NotRequired[str]
    """The component, this one's parent, that kept the service networks in an older version. Default: none."""


class BgpConfiguration(pulumi.ComponentResource):
    """Our part of one BGPConfiguration."""

    lists: pulumi.Output[dict[str, list[str]]]
    """What the object's lists hold because of us or held already."""
    added: pulumi.Output[dict[str, list[str]]]
    """What was not there before us; destroy takes it away."""
    written: pulumi.Output[int]
    """Changes whenever the part was applied."""

    def __init__(
        self, name: str, args: BgpConfigurationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:BgpConfiguration", name, {}, opts)
        part = Part(
            {field: canonical_keys(field, keys) for field, keys in args.get("lists", {}).items()},
            args.get("values", {}),
        )
        called, former = args.get("object", DEFAULT), args.get("formerly")
        reach = {
            "kubeconfig": args.get("kubeconfig"),
            "context": args.get("context"),
            "calico_api": args.get("calico_api"),
        }
        before = []
        for place in part.places():
            field, _, network = place.partition("/")
            looked = DefaultBefore(
                f"{name}-before-{place}",
                place,
                stack_name(),
                called,
                reach,
                self._child(f"{former}-before-{network}" if former and field == CLUSTER_IPS else None, opts),
            )
            before.append(pulumi.Output.all(place=place, uid=looked.uid, listed=looked.listed).apply(dict))
        ours = BgpConfigurationPart(
            f"{name}-part",
            part,
            pulumi.Output.all(*before).apply(list),
            stack_name(),
            called,
            args.get("take_over", ()),
            reach,
            self._child(f"{former}-service-networks" if former else None, opts, _OLDER_PART),
        )
        self.lists, self.added, self.written = ours.lists, ours.added, ours.written
        self.register_outputs({"lists": self.lists, "added": self.added})

    def _child(
        self, former: str | None, opts: pulumi.ResourceOptions | None, type_: str | None = None
    ) -> pulumi.ResourceOptions:
        """Options of a child that, with a former name, was a child of our parent's."""
        if former is None or opts is None or opts.parent is None:
            return pulumi.ResourceOptions(parent=self)
        older = (
            pulumi.Alias(name=former, parent=opts.parent, type_=type_)
            if type_
            else pulumi.Alias(name=former, parent=opts.parent)
        )
        return pulumi.ResourceOptions(parent=self, aliases=[older])

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

from components.calico.bgp_configuration_fields import DEFAULT, canonical_keys
from components.calico.bgp_configuration_part import Part, PartArgs
from components.calico.bgp_configuration_provider import BgpConfigurationPart
from components.calico.default_before_provider import DefaultBefore
from components.calico.stack_name import stack_name


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
        called, child = args.get("object", DEFAULT), pulumi.ResourceOptions(parent=self)
        reach = {
            "kubeconfig": args.get("kubeconfig"),
            "context": args.get("context"),
            "calico_api": args.get("calico_api"),
        }
        before = []
        for place in part.places():
            looked = DefaultBefore(
                f"{name}-before-{place}",
                place,
                stack_name(),
                called,
                reach,
                child,
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
            child,
        )
        self.lists, self.added, self.written = ours.lists, ours.added, ours.written
        self.register_outputs({"lists": self.lists, "added": self.added})

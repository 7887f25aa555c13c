"""What the engine gives to a pack, as plain data (resource.py).

pulumi-policy raises UnknownValueError when an unknown value is read; here UNKNOWN is in its place, so that
a rule judges the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource, ResourceValidationArgs
from pulumi_policy.proxy import UnknownValueError

from policies.resource import UNKNOWN, Resource

# Its inputs are the stack's whole configuration: the engine gives it to every dynamic provider.
DYNAMIC_PROVIDER = "pulumi:providers:pulumi-python"


def plain(value: Any) -> Any:
    """The value without pulumi-policy's proxies."""
    if isinstance(value, Mapping):
        return {str(key): _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, place) for place in range(len(value))]
    return value


def as_resource(given: ResourceValidationArgs | PolicyResource) -> Resource:
    """A resource of either kind of policy."""
    depends_on: Mapping[str, Iterable[PolicyResource]] = getattr(given, "property_dependencies", {})
    return Resource(
        type=given.resource_type,
        name=given.name,
        properties=plain(given.props),
        urn=given.urn,
        depends_on={
            key: frozenset(each.resource_type for each in those) for key, those in depends_on.items()
        },
    )


def find_configuration(resources: Iterable[PolicyResource]) -> dict[str, Any]:
    """The stack's configuration, texts by `namespace:key`; empty where no resource is dynamic.

    A pack has no other way to it: `pulumi.Config` is empty there (seen: pulumi-policy 1.21, engine 3.259).
    """
    for each in resources:
        if each.provider and each.provider.resource_type == DYNAMIC_PROVIDER:
            return dict(plain(each.provider.props))
    return {}


def _item(value: Any, key: Any) -> Any:
    try:
        return plain(value[key])
    except UnknownValueError:
        return UNKNOWN

"""The rules as policies of a pack: names, descriptions, levels, and the schema of their configuration.

Rules of single resources see the inputs before these are written. Rules that compare with the settings or
with other resources see the whole stack at the end of a preview, so they stop an `up` only in its preview.
The levels here are those of a stack without a policy configuration; levels/ has the stacks' own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.declared import read_declared, read_networks
from policies.inputs import as_resource, find_configuration
from policies.resource import Resource
from policies.rules.address_pairs import address_pairs
from policies.rules.bgp_sources import bgp_sources
from policies.rules.cluster_objects import Claimed, cluster_objects, node_ports
from policies.rules.import_all import SHORTEST_REASON, import_all
from policies.rules.session_password import session_password
from policies.rules.ssh_host_keys import ssh_host_keys

NAME = "calico-peering"
REASONS = PolicyConfigSchema(
    properties={
        "reasons": {
            "type": "object",
            "default": {},
            "additionalProperties": {"type": "string", "minLength": SHORTEST_REASON},
        }
    }
)
NETWORKS = PolicyConfigSchema(properties={"networks": {"type": "array", "items": {"type": "string"}}})

ResourceRule = Callable[[Resource, Mapping[str, Any]], Iterator[str]]
StackRule = Callable[[list[Resource], Mapping[str, Any], Mapping[str, Any]], Iterator[tuple[str, str]]]
"""Of the resources, the stack's configuration and the policy's: URNs with messages."""


def of_pairs(
    resources: list[Resource], settings: Mapping[str, Any], configured: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Allowed address pairs against the settings, or the networks of the policy's configuration."""
    networks, declared = read_networks(configured.get("networks")), read_declared(settings)
    expected = networks if networks is not None else declared.pairs if declared else None
    for resource in resources:
        yield from ((resource.urn, message) for message in address_pairs(resource, expected))


def of_sources(
    resources: list[Resource], settings: Mapping[str, Any], configured: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Rules of security groups, likewise."""
    networks, declared = read_networks(configured.get("networks")), read_declared(settings)
    for resource in resources:
        yield from ((resource.urn, message) for message in bgp_sources(resource, declared, networks))


def of_cluster(
    resources: list[Resource], settings: Mapping[str, Any], _configured: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """What is owned, with the node ports that the stack claims address pairs on."""
    ports = frozenset[str]().union(*map(node_ports, resources))
    claimed = Claimed(ports, declared) if (declared := read_declared(settings)) else Claimed(ports)
    for resource in resources:
        yield from ((resource.urn, message) for message in cluster_objects(resource, claimed))


def _of_resource(rule: ResourceRule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for message in rule(as_resource(args), args.get_config()):
            report(message, None)

    return validate


def _of_stack(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [as_resource(each) for each in args.resources]
        for urn, message in rule(resources, find_configuration(args.resources), args.get_config()):
            report(message, urn)

    return validate


POLICIES: list[Policy] = [
    ResourceValidationPolicy(
        "import-all",
        "Routes from the nodes are filtered.",
        _of_resource(import_all),
        EnforcementLevel.MANDATORY,
        config_schema=REASONS,
    ),
    StackValidationPolicy(
        "address-pairs",
        "Allowed address pairs are within the declared networks.",
        _of_stack(of_pairs),
        EnforcementLevel.MANDATORY,
        config_schema=NETWORKS,
    ),
    ResourceValidationPolicy(
        "ssh-host-keys",
        "Host keys of ssh connections are pinned.",
        _of_resource(ssh_host_keys),
        EnforcementLevel.MANDATORY,
    ),
    ResourceValidationPolicy(
        "session-password",
        "BGP sessions have a password.",
        _of_resource(session_password),
        EnforcementLevel.ADVISORY,
    ),
    StackValidationPolicy(
        "bgp-sources",
        "TCP/179 is open to the nodes only.",
        _of_stack(of_sources),
        EnforcementLevel.MANDATORY,
        config_schema=NETWORKS,
    ),
    StackValidationPolicy(
        "cluster-objects",
        "What belongs to the cluster is not owned.",
        _of_stack(of_cluster),
        EnforcementLevel.MANDATORY,
    ),
]


def serve() -> None:
    """Answer the engine until it ends."""
    PolicyPack(NAME, POLICIES)

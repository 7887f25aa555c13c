"""Dynamic resource: a security group of ours without the rules that Neutron gives to every new group.

Those let everything out, by IPv6 too, and name no network, which all rules of ours do. The option
`delete_default_rules` of pulumi-openstack does it with the group's creation only: a run that is killed in
between leaves them, and a rule of ours for 0.0.0.0/0 is refused beside them (seen). It gives nothing
back: the group goes with the stack.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource

from components.ports.neutron_ports import reason
from components.ports.openstack_api import clear_errors, connect
from components.shared.own_provider import OwnProvider
from components.shared.provider_errors import ProviderError


class NoDefaultRulesProvider(OwnProvider):
    """Create and compare; there is nothing to update or to undo."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        group, cloud = props["group"], props.get("cloud")
        connection = connect(cloud)
        with clear_errors(cloud):
            answer = connection.network.get("/security-group-rules", params={"security_group_id": group})
            if answer.status_code != 200:
                raise ProviderError(f"security group {group}: listing its rules failed: {reason(answer)}")
            for rule in answer.json()["security_group_rules"]:
                if rule["remote_ip_prefix"] or rule["remote_group_id"]:
                    continue
                gone = connection.network.delete(f"/security-group-rules/{rule['id']}")
                if gone.status_code not in (204, 404):
                    raise ProviderError(
                        f"security group {group}: a default rule could not be removed: {reason(gone)}"
                    )
        return CreateResult(group, {"group": group, "cloud": cloud})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        other = olds.get("group") != news.get("group")
        return DiffResult(changes=other, replaces=["group"] if other else [])


class NoDefaultRules(Resource, module="calico-peering", name="NoDefaultRules"):
    """The group's default rules are gone."""

    group: pulumi.Output[str]
    cloud: pulumi.Output[str | None]

    def __init__(
        self,
        name: str,
        group: pulumi.Input[str],
        cloud: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`group`: id; `cloud`: entry of clouds.yaml, None = the environment."""
        super().__init__(NoDefaultRulesProvider(), name, {"group": group, "cloud": cloud}, opts)

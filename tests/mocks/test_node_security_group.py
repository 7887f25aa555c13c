"""What the nodes' security group admits, and that one which a killed run left is taken in."""

from __future__ import annotations

import pulumi
import pytest

from components.left_over import GroupLeftOver
from components.ports.node_security_group import NodeSecurityGroup, NodeSecurityGroupArgs
from tests.mocks.recorder import recorded

ARGS: NodeSecurityGroupArgs = {
    "machine_name": "external",
    "machine_addresses": ["172.34.8.45"],
    "machine_networks": ["10.50.0.0/16"],
    "description": "made by us",
    "cloud": "lab",
}
GROUP = "openstack:networking/secGroup:SecGroup"
RULE = "openstack:networking/secGroupRule:SecGroupRule"
CLOUD = "pulumi:providers:openstack"
BARE = "pulumi-python:dynamic/calico-peering:NoDefaultRules"


@pytest.mark.parametrize("preview", [False, True])
def test_it_admits_bgp_and_ipv4_of_the_machine_and_of_what_is_behind_it(preview: bool) -> None:
    made = recorded(lambda: NodeSecurityGroup("nodes", ARGS), preview=preview).of(RULE)
    admitted = {
        name: (rule["direction"], rule.get("protocol"), rule.get("portRangeMin"), rule["remoteIpPrefix"])
        for name, rule in made.items()
    }
    assert admitted == {
        "nodes-bgp": ("ingress", "tcp", 179, "172.34.8.45/32"),
        "nodes-machine": ("ingress", None, None, "172.34.8.45/32"),
        "nodes-10.50.0.0/16": ("ingress", None, None, "10.50.0.0/16"),
    }


def test_it_brings_no_rules_for_what_nodes_send() -> None:
    recorder = recorded(lambda: NodeSecurityGroup("nodes", ARGS))
    bare = recorder.of(BARE)["nodes-no-default-rules"]
    assert (bare["group"], bare["cloud"]) == (recorder.of(RULE)["nodes-bgp"]["securityGroupId"], "lab")
    group = recorder.of(GROUP)["nodes"]
    assert (group["name"], group["description"]) == ("calico-peering-external", "made by us")


def test_it_is_made_on_the_cloud_of_the_settings() -> None:
    recorder = recorded(lambda: NodeSecurityGroup("nodes", ARGS))
    assert recorder.of(CLOUD)["nodes-cloud"]["cloud"] == "lab"
    for made in recorder.made:
        if made.typ in (GROUP, RULE):
            assert "::nodes-cloud::" in (made.provider or "")


def test_what_the_plugin_is_given_is_passed_on_and_its_secrets_are_secrets() -> None:
    plugin: dict[str, str | bool] = {
        "cloud": "",
        "auth_url": "u",
        "application_credential_id": "i",
        "insecure": True,
    }
    secrets = {"password": "p1", "token": "t1", "application_credential_secret": "s1"}
    recorder = recorded(lambda: NodeSecurityGroup("nodes", {**ARGS, "plugin": {**plugin, **secrets}}))
    given = recorder.of(CLOUD)["nodes-cloud"]
    assert (given["cloud"], given["authUrl"], given["insecure"]) == ("", "u", "true")
    for name, value in (("password", "p1"), ("token", "t1"), ("applicationCredentialSecret", "s1")):
        assert given[name][pulumi.runtime.rpc._special_sig_key] == pulumi.runtime.rpc._special_secret_sig
        assert given[name]["value"] == value
    bare = recorder.of(BARE)["nodes-no-default-rules"]
    assert bare["cloud"] == "lab" and not {*secrets.values()} & {str(value) for value in bare.values()}


def test_a_group_that_a_killed_run_left_is_taken_in_with_the_rules_it_has() -> None:
    left = GroupLeftOver("group-1", {("tcp", "172.34.8.45/32"): "rule-1"})
    recorder = recorded(lambda: NodeSecurityGroup("nodes", {**ARGS, "left_over": left}))
    taken = {made.name: made.resource_id for made in recorder.made if made.typ in (GROUP, RULE)}
    assert taken["nodes"] == "group-1"
    assert taken["nodes-bgp"] == "rule-1"
    assert not taken["nodes-machine"]

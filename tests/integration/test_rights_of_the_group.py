"""The least rights with which the program makes the nodes' security group and attaches it: docs/openstack.md.

The real engine runs the two components with an application credential in its clouds.yaml, since it is
pulumi-openstack that makes the group.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import openstack
import pytest
import yaml

from lab.layout import Layout
from tests.integration.application_credentials import Entry, MakeEntry, connected, entries
from tests.integration.provided import Port
from tests.integration.small_program import SmallProgram
from tests.integration.test_rights import PORTS, WRITE

NAME = "rights"
PROGRAM = """
import os

from components.left_over import find_group, group_description
from components.ports.address_pairs import AddressPairs
from components.ports.node_security_group import NodeSecurityGroup
from components.ports.openstack_api import connect

MARK = "small-program/test"
group = NodeSecurityGroup(
    "nodes",
    {
        "machine_name": os.environ["MACHINE"],
        "machine_address": "172.34.8.45",
        "machine_networks": ["10.50.0.0/24"],
        "description": group_description(MARK),
        "left_over": find_group(connect("lab"), MARK, "lab"),
        "cloud": "lab",
    },
)
AddressPairs(
    "pairs",
    {
        "ports": {"port": os.environ["PORT"]},
        "networks": ["192.168.0.0/16"],
        "security_group": group.group_id,
        "cloud": "lab",
    },
)
"""
GROUP = [
    "GET /v2.0/security-groups",
    "POST /v2.0/security-groups",
    "GET /v2.0/security-groups/*",
    "DELETE /v2.0/security-groups/*",
    "GET /v2.0/security-group-rules",
    "POST /v2.0/security-group-rules",
    "GET /v2.0/security-group-rules/*",
    "DELETE /v2.0/security-group-rules/*",
]
RULES = [*PORTS, WRITE, *GROUP]
UP, DESTROY = ("up", "--yes", "--skip-preview"), ("destroy", "--yes", "--skip-preview")


# The group's end is the only thing that comes later than the first `up`.
STEPS = {rule: UP for rule in GROUP} | {"DELETE /v2.0/security-groups/*": DESTROY}


@dataclass
class Program:
    """The program on a port of its own, run with one credential or another."""

    engine: SmallProgram
    entry: MakeEntry
    port: Port

    def allow(self, rules: list[str]) -> Entry:
        """Have the next runs log in with an application credential with these access rules."""
        entry = self.entry("member", rules)
        path = self.engine.folder / "clouds.yaml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump({"clouds": {"lab": entry}}))
        self.engine.environment["OS_CLIENT_CONFIG_FILE"] = str(path)
        return entry

    def groups(self) -> list[str]:
        """The ids of the program's group: one or none."""
        return [group.id for group in self.port.cloud.network.security_groups(name=f"calico-peering-{NAME}")]


@pytest.fixture(scope="module")
def program(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on a fresh port; nothing that it made stays."""
    own = openstack.connect(cloud="lab")
    network = own.network.find_network("nodes", ignore_missing=False)
    port = Port(own, own.network.create_port(network_id=network.id, name="fresh").id)
    engine = SmallProgram(tmp_path_factory.mktemp("program"), PROGRAM, PORT=port.id, MACHINE=NAME)
    with entries() as entry:
        made = Program(engine, entry, port)
        yield made
        # An `up` takes in what a run without a right could not remember.
        made.allow(RULES)
        engine.run(*UP)
        engine.run(*DESTROY)
    own.network.delete_port(port.id)


def test_with_these_access_rules_the_group_comes_and_goes(program: Program) -> None:
    groups = program.port.read()["security_groups"]
    program.allow(RULES)
    program.engine.run(*UP)
    (made,) = program.groups()
    assert {*program.port.read()["security_groups"]} == {*groups, made}
    program.engine.run("preview", "--refresh", "--expect-no-changes")
    # What somebody takes away is put back.
    program.port.change(security_groups=groups)
    (rule, *_) = program.port.cloud.network.security_group_rules(security_group_id=made)
    program.port.cloud.network.delete_security_group_rule(rule)
    program.engine.run(*UP, "--refresh")
    assert {*program.port.read()["security_groups"]} == {*groups, made}
    program.engine.run("preview", "--refresh", "--expect-no-changes")
    program.engine.run(*DESTROY)
    assert program.groups() == []
    assert program.port.read()["security_groups"] == groups


def test_they_allow_nothing_else(program: Program) -> None:
    connection = connected(program.allow(RULES))
    others = [
        ("PUT", f"/security-groups/{program.port.read()['security_groups'][0]}"),
        ("DELETE", f"/ports/{program.port.id}"),
        ("POST", "/ports"),
        ("GET", "/subnets"),
        ("POST", "/networks"),
    ]
    for method, path in others:
        answer = connection.network.request(path, method, json={}, raise_exc=False)
        assert answer.status_code == 401, path
    assert connection.compute.get("/servers/detail", raise_exc=False).status_code == 401


@pytest.mark.parametrize("rule", GROUP)
def test_each_of_them_is_needed_and_named_when_it_is_missing(program: Program, rule: str) -> None:
    program.allow(RULES)
    program.engine.run(*(UP if STEPS[rule] == DESTROY else DESTROY))
    program.allow([one for one in RULES if one != rule])
    done = program.engine.try_to(*STEPS[rule])
    assert done.returncode != 0
    method, path = rule.replace("*", "[0-9a-f-]{36}").split()
    assert re.search(rf"{method} (http://[^/]+)?{path}[\] ].*401", done.stdout + done.stderr)

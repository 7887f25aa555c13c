"""What a change interrupts, by which property changes from what to what: a table, rule by rule."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests import golden
from tools.change_request.interruptions import HARD_RESTART, NEW_SESSIONS, RESTART, find_interruptions
from tools.change_request.preview import SECRET, UNKNOWN, Operation, Preview, Step

BIRD = (golden.FOLDER / "bird" / "2-reference.conf").read_text()
ROUTER = "/var/lib/calico-peering/router"
PEER = {"apiVersion": "projectcalico.org/v3", "kind": "BGPPeer", "metadata": {"name": "bgppeer-external"}}
FILTER = {**PEER, "kind": "BGPFilter", "metadata": {"name": "bgpfilter-external"}}
SPEC = {"asNumber": 65112, "peerIP": "172.34.8.45", "filters": ["a"]}
VM = {"userData": SECRET, "flavorName": "small", "powerState": "active", "networks": [{"port": "p"}]}
PORT = {"port_id": "p1", "networks": ["192.168.0.0/16", "10.96.0.0/12"], "before": []}
OWN_PORT = {
    "fixedIps": [{"ipAddress": "172.34.8.46", "subnetId": "s"}],
    "allowedAddressPairs": [{"ipAddress": "10.30.0.0/16"}],
    "securityGroupIds": ["g1"],
}
RULE = {"direction": "ingress", "protocol": "tcp", "portRangeMin": 179, "remoteIpPrefix": "172.34.8.0/24"}
PART: dict[str, Any] = {
    "object": "default",
    "lists": {"serviceClusterIPs": ["10.96.0.0/12"]},
    "values": {"asNumber": 64512},
}
MARK = {"node": "node1", "cluster_id": "244.0.0.1", "before": {}}
NOTHING: dict[str, Any] = {}


def step(
    found: dict[str, Any],
    after: dict[str, Any],
    operation: Operation | None = None,
    name: str = "one",
    **more: Any,
) -> Step:
    """A step whose state is what was found."""
    made: Operation = operation or ("create" if not found else "delete" if not after else "change")
    urn = f"urn:pulumi:lab::calico-peering::some:type:Name::{name}"
    return Step(urn, "some:type:Name", made, before=found, found=found, after=after, parent="router", **more)


def delivery(text: str, create: str = "deliver bird") -> dict[str, Any]:
    """What delivers a configuration."""
    return {"create": f"{ROUTER} {create}", "stdin": text}


def told(*steps: Step) -> list[tuple[str, str]]:
    """Causes and consequences."""
    return [(each.cause, each.consequence) for each in find_interruptions(Preview(steps))]


def bird(old: str, new: str) -> Step:
    """BIRD's configuration with another text."""
    assert old in BIRD, f"the golden configuration has no {old!r}"
    return step(delivery(BIRD), delivery(BIRD.replace(old, new)))


@dataclass(frozen=True)
class Case:
    """A change, and a part of what is said of each of its consequences: of the cause and of the clause."""

    what: str
    steps: tuple[Step, ...]
    said: tuple[tuple[str, str], ...] = ()


KEPT = step(delivery(BIRD), delivery(BIRD), "same", "configuration")
HARD = step(
    delivery(x := BIRD.replace("graceful restart yes;", "graceful restart no;")), delivery(x), "same", "c"
)
PASSWORD = {"create": f"{ROUTER} password", "stdin": SECRET}
CASES = [
    # BIRD
    Case("another filter", (bird("192.168.0.0/16{16,32}", "192.168.0.0/16{26,32}"),)),
    Case("another limit of routes", (bird("import limit 1000", "import limit 77"),)),
    Case("another comment", (bird("# Read it with", "# Look at it with"),)),
    Case("another recovery time", (bird("graceful restart wait 10;", "graceful restart wait 20;"),)),
    Case(
        "another hold time",
        (bird("hold time 9;", "hold time 30;"),),
        (("`hold time 9 → hold time 30`", NEW_SESSIONS),),
    ),
    Case(
        "another AS number of the machine", (bird("as 65112;", "as 65113;"),), (("as 65113`", NEW_SESSIONS),)
    ),
    Case(
        "another AS number of the nodes",
        (bird("as 64512;", "as 64513;"),),
        (("neighbor range", NEW_SESSIONS),),
    ),
    Case(
        "another range",
        (bird("range 172.34.8.0/24", "range 172.34.0.0/16"),),
        (("`neighbor range", NEW_SESSIONS),),
    ),
    Case("another address", (bird("local 172.34.8.45", "local 172.34.8.46"),), (("`local", NEW_SESSIONS),)),
    Case(
        "another router id",
        (bird("router id 172.34.8.45", "router id 1.2.3.4"),),
        (("router id", NEW_SESSIONS),),
    ),
    Case(
        "another name",
        (bird("protocol bgp calico_172_34_8_0 ", "protocol bgp other "),),
        (("`calico_172_34_8_0` goes from BIRD, or has another name", "its sessions end"),),
    ),
    Case(
        "another metric",
        (bird("metric 32;", "metric 40;"),),
        (("`metric 32` → `metric 40`", "writes the kernel's"),),
    ),
    Case(
        "another password",
        (step(PASSWORD, PASSWORD, named=frozenset({"stdin"})), KEPT),
        (("another password", RESTART),),
    ),
    Case(
        "another password without graceful restart",
        (step(PASSWORD, PASSWORD, named=frozenset({"stdin"})), HARD),
        (("another password", "is reconfigured and every session ends"),),
    ),
    Case("the same password", (step(PASSWORD, PASSWORD, "same"), KEPT)),
    Case(
        "a first password",
        (bird("log syslog all;", 'log syslog all;\ninclude "/etc/bird/calico-peering.password";'),),
        (("the sessions get a password", RESTART),),
    ),
    Case(
        "another version of the package",
        (step({"create": f"{ROUTER} install 2"}, {"create": f"{ROUTER} install 2 2.0.12-7"}), KEPT),
        (("another version of BIRD's package", RESTART),),
    ),
    Case(
        "another version without graceful restart",
        (step({"create": f"{ROUTER} install 2"}, {"create": f"{ROUTER} install 2 2.0.12-7"}), HARD),
        (("another version of BIRD's package", HARD_RESTART),),
    ),
    Case(
        "another series",
        (step({"create": f"{ROUTER} install 2"}, {"create": f"{ROUTER} install 3"}), KEPT),
        (("BIRD `3` instead of `2`", "taken out of the kernel"),),
    ),
    Case(
        "other package files",
        (
            step(
                {"create": f"{ROUTER} install 2", "stdin": "a"},
                {"create": f"{ROUTER} install 2", "stdin": "b"},
            ),
            KEPT,
        ),
        (("another version of BIRD's package", RESTART),),
    ),
    Case(
        "everything runs again after somebody changed the machine",
        (
            step({"create": f"{ROUTER} install 2"}, {"create": f"{ROUTER} install 2", "update": UNKNOWN}),
            step(delivery(BIRD), {**delivery(BIRD), "update": UNKNOWN}, name="configuration"),
        ),
    ),
    Case(
        "the configuration goes", (step(delivery(BIRD), NOTHING),), (("is taken back", "all sessions end"),)
    ),
    Case("a first configuration", (step(NOTHING, delivery(BIRD)),)),
    Case(
        "a configuration that is not known yet",
        (step(delivery(BIRD), delivery(UNKNOWN)),),
        (("not known yet", "cannot be said"),),
    ),
    # The machine
    Case("the VM is replaced", (step(VM, VM, "replace"),), (("the VM is made anew", "takes minutes"),)),
    Case("the VM goes", (step(VM, NOTHING),), (("the VM is deleted", "sessions and routes end"),)),
    Case(
        "another flavor",
        (step(VM, {**VM, "flavorName": "big"}),),
        (("another flavor", "stops and starts it"),),
    ),
    Case("other metadata of the VM", (step(VM, {**VM, "metadata": {"a": "b"}}),)),
    Case(
        "another address of the port",
        (step(OWN_PORT, {**OWN_PORT, "fixedIps": [{"ipAddress": "172.34.8.47", "subnetId": "s"}]}),),
        (("from `172.34.8.46` to `172.34.8.47`", "every session ends"),),
    ),
    Case(
        "another instance",
        (
            step(
                delivery(BIRD, "deliver bird # on instance a"), delivery(BIRD, "deliver bird # on instance b")
            ),
        ),
        (("another instance", "from nothing"),),
    ),
    # Ports
    Case("a pair that comes", (step(PORT, {**PORT, "networks": [*PORT["networks"], "10.245.0.0/16"]}),)),
    Case(
        "a pair that goes",
        (step(PORT, {**PORT, "networks": ["192.168.0.0/16"]}, outputs={"added": PORT["networks"]}),),
        (("`10.96.0.0/12` goes", "Neutron drops"),),
    ),
    Case(
        "a pair that goes and was there before this stack",
        (step(PORT, {**PORT, "networks": ["192.168.0.0/16"]}, outputs={"added": ["192.168.0.0/16"]}),),
    ),
    Case(
        "a pair that somebody has taken away already",
        (Step("urn::one", "t", "change", before=PORT, found={**PORT, "networks": []}, after=PORT),),
    ),
    Case(
        "a port of the node goes",
        (step(PORT, NOTHING),),
        (("`192.168.0.0/16` goes", "Neutron drops"), ("`10.96.0.0/12` goes", "Neutron drops")),
    ),
    Case(
        "a pair of the machine's port goes",
        (step(OWN_PORT, {**OWN_PORT, "allowedAddressPairs": []}),),
        (("`10.30.0.0/16` goes", "Neutron drops"),),
    ),
    Case(
        "a security group is taken off",
        (step({**PORT, "security_group": "g1"}, PORT),),
        (("security group `g1` is taken off", "BGP from the machine"),),
    ),
    Case("a rule goes", (step(RULE, NOTHING),), (("`tcp/179 from 172.34.8.0/24` goes", "refused"),)),
    Case("a rule comes", (step(NOTHING, RULE),)),
    # Calico
    Case("a peer comes", (step(NOTHING, {**PEER, "spec": SPEC}),)),
    Case(
        "a peer goes",
        (step({**PEER, "spec": SPEC}, NOTHING),),
        (("BGPPeer `bgppeer-external` goes", "end the"),),
    ),
    Case(
        "a peer that is gone already",
        (step(NOTHING, {**PEER, "spec": SPEC}, gone=True),),
    ),
    *(
        Case(
            f"another {field} of a peer",
            (step({**PEER, "spec": {**SPEC, field: old}}, {**PEER, "spec": {**SPEC, field: new}}),),
            ((f"`{field}", "end these sessions and begin them anew"),),
        )
        for field, old, new in [
            ("asNumber", 65112, 65113),
            ("peerIP", "172.34.8.45", "172.34.8.46"),
            ("maxRestartTime", "5s", "9s"),
            (
                "password",
                {"secretKeyRef": {"name": "a", "key": "k"}},
                {"secretKeyRef": {"name": "b", "key": "k"}},
            ),
            ("sourceAddress", "UseNodeIP", "None"),
            ("ttlSecurity", 1, 2),
        ]
    ),
    Case(
        "other nodes peer",
        (step({**PEER, "spec": SPEC}, {**PEER, "spec": {**SPEC, "nodeSelector": "has(edge)"}}),),
        (("`nodeSelector` of BGPPeer", "no longer chosen"),),
    ),
    Case(
        "other filters of a peer",
        (step({**PEER, "spec": SPEC}, {**PEER, "spec": {**SPEC, "filters": ["b"]}}),),
    ),
    Case("another label of a peer", (step({**PEER, "spec": SPEC}, {**PEER, "spec": SPEC, "id": "x"}),)),
    Case(
        "nodes take less",
        (
            step(
                {
                    **FILTER,
                    "spec": {
                        "importV4": [{"action": "Accept", "cidr": "10.50.0.0/24"}, {"action": "Reject"}]
                    },
                },
                {**FILTER, "spec": {"importV4": [{"action": "Reject"}]}},
            ),
        ),
        (("take `10.50.0.0/24` from the machine no more", "no session ends"),),
    ),
    Case(
        "nodes hand on less of others",
        (
            step(
                {**FILTER, "spec": {"exportV4": []}},
                {
                    **FILTER,
                    "spec": {
                        "exportV4": [{"action": "Reject", "cidr": "10.1.0.0/16", "source": "RemotePeers"}]
                    },
                },
            ),
        ),
    ),
    Case(
        "a service network goes",
        (step(PART, {**PART, "lists": {"serviceClusterIPs": []}}),),
        (("`10.96.0.0/12` goes from `serviceClusterIPs`", "withdraw the route"),),
    ),
    Case(
        "a service network that was there before this stack",
        (
            step(
                PART,
                {**PART, "lists": {"serviceClusterIPs": []}},
                outputs={"added": {"serviceClusterIPs": []}},
            ),
        ),
    ),
    Case(
        "another AS number of the cluster",
        (step(PART, {**PART, "values": {"asNumber": 64513}}),),
        (("`asNumber` of BGPConfiguration `default`", "every BGP session of every node"),),
    ),
    Case(
        "no mesh, in a first write",
        (step(NOTHING, {**PART, "values": {"nodeToNodeMeshEnabled": False}}),),
        (("`nodeToNodeMeshEnabled`", "know no other node's pods"),),
    ),
    Case(
        "another severity of the log",
        (step(PART, {**PART, "values": {**PART["values"], "logSeverityScreen": "Debug"}}),),
    ),
    Case("a route reflector", (step(NOTHING, MARK),), (("node `node1`", "1.5 to 82 s"),)),
    Case("no route reflector any more", (step(MARK, NOTHING),), (("node `node1`", "1.5 to 82 s"),)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_a_change_interrupts(case: Case) -> None:
    found = told(*case.steps)
    assert len(found) == len(case.said), found
    for (cause, consequence), (of_cause, of_consequence) in zip(found, case.said, strict=True):
        assert of_cause in cause
        assert of_consequence in consequence


def test_one_consequence_of_many_resources_is_said_once() -> None:
    ports = [
        step({**PORT, "port_id": f"p{n}"}, {**PORT, "port_id": f"p{n}", "networks": []}, name=f"p{n}")
        for n in range(9)
    ]
    found = find_interruptions(Preview(tuple(ports)))
    assert [(each.cause, len(each.names)) for each in found] == [
        ("`192.168.0.0/16` goes from allowed address pairs", 9),
        ("`10.96.0.0/12` goes from allowed address pairs", 9),
    ]

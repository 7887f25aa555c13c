"""Resources of the program for the policies' tests: as the engine gives them to a pack on the lab."""

import re
from collections.abc import Iterable
from typing import Any

from components.settings.settings import read_settings
from policies.declared import declared_by
from policies.resource import Resource
from tests import golden
from tests.unit.example import HOST_KEY, values

URN = "urn:pulumi:lab::calico-peering::calico-peering:index:ExternalPeering$"
NODES, POD, SERVICE = "172.34.8.0/24", "192.168.0.0/16", "10.96.0.0/12"
PORT = "75507abf-5dce-4fc2-9c46-20f951164f45"
CONNECTION: dict[str, Any] = {"host": "172.34.8.45", "port": 22.0, "user": "root", "hostKey": HOST_KEY}
REACH: dict[str, Any] = {"host": "172.34.8.45", "port": 22.0, "user": "root", "host_key": HOST_KEY}
ROUTER = "peering-router-configuration"
GROUP = {"securityGroupId": frozenset({"openstack:networking/secGroup:SecGroup"})}
DECLARED = declared_by([read_settings(values(machineNetworks='["10.30.0.0/16"]'))])
METADATA = {"name": "bgppeer-external", "annotations": {"calico-peering/stack": "calico-peering/lab"}}


def delivery(name: str) -> Resource:
    """What delivers a golden configuration to the machine."""
    text = (golden.FOLDER / "bird" / f"{name}.conf").read_text()
    return Resource("command:remote:Command", ROUTER, {"connection": CONNECTION, "stdin": text})


def command(**properties: Any) -> Resource:
    """A command on the machine."""
    return Resource("command:remote:Command", ROUTER, {"connection": CONNECTION, **properties})


def machine_state(**reach: Any) -> Resource:
    """What looks at the machine in a refresh."""
    properties = {"machine": "", "reach": {**REACH, **reach}}
    return Resource("pulumi-python:dynamic/calico-peering:MachineState", "peering-state", properties)


def port_pairs(*networks: object) -> Resource:
    """Address pairs on a node's port."""
    properties = {"port_id": PORT, "networks": [*networks], "before": []}
    return Resource(
        "pulumi-python:dynamic/calico-peering:PortPairs", f"peering-pairs-{PORT}", properties, f"{URN}p"
    )


def own_port(*pairs: object, **properties: Any) -> Resource:
    """The port of a machine that is made here."""
    made = {
        "fixedIps": [{"ipAddress": "172.34.8.45", "subnetId": "s"}],
        "allowedAddressPairs": [{"ipAddress": pair} for pair in pairs],
        **properties,
    }
    return Resource("openstack:networking/port:Port", "peering-machine-port", made, f"{URN}port")


def rule(component: str = "MachineGroup", **properties: Any) -> Resource:
    """A rule of a security group, in one of this program's components."""
    made = {
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "portRangeMin": 179.0,
        "portRangeMax": 179.0,
        "remoteIpPrefix": NODES,
        "securityGroupId": "d6feb753",
        **properties,
    }
    urn = f"{URN}calico-peering:index:{component}$openstack:networking/secGroupRule:SecGroupRule::rule"
    return Resource("openstack:networking/secGroupRule:SecGroupRule", "rule", made, urn, GROUP)


def kubernetes(group: str, kind: str, spec: object = None, **metadata: Any) -> Resource:
    """An object of the cluster; `group` with its version."""
    made = {"kind": kind, "metadata": {**METADATA, **metadata}, "spec": spec}
    return Resource(f"kubernetes:{group}:{kind}", "peering-calico-object", made, f"{URN}object")


def only(messages: Iterable[str]) -> str:
    """The one message; it has the form of all of this program's errors."""
    (message,) = messages
    assert re.fullmatch(r"[^:]+: expected .+, found .+\. [A-Z].+", message), message
    return message

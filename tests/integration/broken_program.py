"""The real program with what the policies forbid, which its settings do not allow.

It takes the program's own parts and breaks them on their way: the resources are the program's, beside two
that are another owner's.
"""

from pathlib import Path

from lab.layout import PROJECT

FOREIGN_GROUP = "6d6fd7a4-91ac-4e1f-ae10-2f1e0b8a1f5c"
PROGRAM = f"""
import runpy

import pulumi
import pulumi_kubernetes as kubernetes

from components.machine import machine
from components.ports import group_rule
from components.settings.site import Site

connection, rule, pair_networks = machine.connection, group_rule.group_rule, Site.pair_networks


def unpinned(*args, **options):
    made = connection(*args, **options)
    made.host_key = None
    return made


def opened(name, group_id, direction, network, port, opts):
    return rule(name, group_id, direction, "0.0.0.0/0" if port == 179 else network, port, opts)


# Before anything takes them by name.
machine.connection, group_rule.group_rule = unpinned, opened
Site.pair_networks = lambda self, cluster: [*pair_networks(self, cluster), "192.0.0.0/8", "0.0.0.0/0"]
runpy.run_path("{PROJECT}/__main__.py")

from pulumi_openstack.networking import SecGroupRule

kubernetes.apiextensions.CustomResource(
    "default",
    api_version="projectcalico.org/v3",
    kind="BGPConfiguration",
    metadata={{"name": "default"}},
    spec={{"asNumber": 64512}},
    opts=pulumi.ResourceOptions(
        provider=kubernetes.Provider("plain", enable_server_side_apply=False)
    ),
)
SecGroupRule(
    "of-others",
    security_group_id="{FOREIGN_GROUP}",
    direction="egress",
    ethertype="IPv4",
    remote_ip_prefix="172.34.8.45/32",
)
"""


def write_broken_program(folder: Path) -> Path:
    """The folder with the program; PYTHONPATH has to name the project."""
    folder.mkdir()
    text = (PROJECT / "Pulumi.yaml").read_text()
    (folder / "Pulumi.yaml").write_text(text.replace("virtualenv: .venv", f"virtualenv: {PROJECT / '.venv'}"))
    (folder / "__main__.py").write_text(PROGRAM)
    return folder

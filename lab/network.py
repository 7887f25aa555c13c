"""The lab's layer-2 network: a switch and one network namespace a machine, made with iproute2.

It relies on a private /run/netns (lab/keeper.py): the namespaces are seen by nobody outside, and
vanish with the keeper. Pods are not made here (lab/cluster/pods.py).
"""

import subprocess
from collections.abc import Iterable

from lab.errors import LabError
from lab.hosts import last_lines
from lab.site import HOSTS, HOSTS6, NODE_NETWORK, NODE_NETWORK6, SWITCH, mac

BRIDGE = "br0"


def ip(*words: str) -> str:
    """Run `ip` and return what it prints.

    Raises:
        LabError: with iproute2's own words.
    """
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"`ip {' '.join(words)}` failed:\n{last_lines(done.stdout + done.stderr)}")
    return done.stdout


def _batch(program: str, lines: Iterable[str], netns: str | None) -> None:
    command = [program, *(["-netns", netns] if netns else []), "-batch", "-"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"`{' '.join(command)}` failed:\n{last_lines(done.stdout + done.stderr)}")


def ip_batch(lines: Iterable[str], netns: str | None = None) -> None:
    """Run `ip -batch` with these lines, in a namespace or where we are.

    Raises:
        LabError: with iproute2's own words.
    """
    _batch("ip", lines, netns)


def bridge_batch(lines: Iterable[str], netns: str) -> None:
    """Run `bridge -batch` with these lines in a namespace.

    Raises:
        LabError: with iproute2's own words.
    """
    _batch("bridge", lines, netns)


def bring_up() -> None:
    """Make the switch and plug every machine into it with its addresses on eth0."""
    ip_batch([f"netns add {name}" for name in (SWITCH, *HOSTS)])
    ip_batch(["link set lo up", f"link add {BRIDGE} type bridge", f"link set {BRIDGE} up"], SWITCH)
    for name, address in HOSTS.items():
        ip_batch(
            [
                f"link add {name} type veth peer name eth0 address {mac(address)} netns {name}",
                f"link set {name} master {BRIDGE} up",
            ],
            SWITCH,
        )
        ip_batch(
            [
                "link set lo up",
                f"address add {address}/{NODE_NETWORK.prefixlen} dev eth0",
                # Nobody else can have it, which is not waited for.
                f"address add {HOSTS6[name]}/{NODE_NETWORK6.prefixlen} dev eth0 nodad",
                "link set eth0 up",
            ],
            name,
        )

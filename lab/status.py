"""What a running lab looks like: machines, addresses, sessions, URLs; for people and as JSON.

Run inside the keeper's namespaces (lab/cli.py does that). It only looks, on the machines themselves.
"""

import json
import re
import sys
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_URL
from lab.external import External
from lab.extras import EXTRAS
from lab.hosts import NETNS, Host
from lab.hypervisor.instance import ABOUT
from lab.layout import Layout
from lab.machine import machines_folder
from lab.parts import Parts
from lab.site import HOSTS, PEER


@dataclass(frozen=True)
class Session:
    """A BGP session as the external machine's BIRD sees it."""

    name: str
    neighbor: str
    state: str


@dataclass(frozen=True)
class Status:
    """The whole lab."""

    folder: str
    machines: dict[str, str]
    pods: dict[str, str]
    service: str
    extras: list[str]
    sessions: list[Session]


def instances(layout: Layout) -> dict[str, str]:
    """The machines of OpenStack's instances that have power, with their addresses."""
    found = {}
    for name in sorted(path.name for path in NETNS.iterdir()):
        about = machines_folder(layout) / name / ABOUT
        if about.exists():
            found[name] = ", ".join(json.loads(about.read_text())["addresses"])
    return found


PROTOCOL = re.compile(r"^(?P<name>\S+)\s+BGP\s", re.M)
NEIGHBOR = re.compile(r"^\s+Neighbor address:\s+(?P<address>[0-9a-f.:]+)\s*$", re.M)
STATE = re.compile(r"^\s+BGP state:\s+(?P<state>\S+)", re.M)


def sessions(text: str) -> list[Session]:
    """The sessions in the output of `birdc show protocols all`, by neighbor; a range is none itself."""
    starts = list(PROTOCOL.finditer(text))
    found = []
    for start, following in zip(starts, [*starts, None][1:], strict=True):
        block = text[start.end() : following.start() if following else None]
        neighbor, state = NEIGHBOR.search(block), STATE.search(block)
        if neighbor and state:
            found.append(Session(start["name"], neighbor["address"], state["state"]))
    return sorted(found, key=lambda session: (":" in session.neighbor, ip_address(session.neighbor)))


def look(layout: Layout) -> Status:
    """Look at the running lab."""
    machine = External(layout, Host(PEER, layout))
    birdc = machine.run("birdc", "show", "protocols", "all", check=False)
    return Status(
        folder=str(layout.folder),
        machines={**{name: str(address) for name, address in HOSTS.items()}, **instances(layout)},
        pods={pod.name: pod.url for pod in PODS},
        service=SERVICE_URL,
        extras=list(Parts.of_running(layout).extras),
        sessions=sessions(birdc.stdout) if birdc.returncode == 0 else [],
    )


def _table(title: str, rows: dict[str, str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, show_header=False)
    for row in rows.items():
        table.add_row(*row)
    return table


def show(status: Status, console: Console) -> None:
    """Print the status for a person."""
    console.print(_table("Machines", status.machines))
    console.print(_table("URLs", {**status.pods, "service web": status.service}))
    console.print(_table("Extras", {name: EXTRAS[name] for name in status.extras} or {"none": ""}))
    rows = {session.neighbor: f"{session.state} ({session.name})" for session in status.sessions}
    console.print(_table("BGP sessions", rows or {"none": "run pulumi up --stack lab"}))


def show_connection(layout: Layout, console: Console) -> int:
    """What the whole thing is for: sessions, routes and answers, as seen on the external machine.

    Returns 0 when every pod and the service answered.
    """
    machine = External(layout, Host(PEER, layout))
    status = look(layout)
    console.rule("BGP sessions on the external machine", align="left")
    for session in status.sessions:
        console.print(f"{session.neighbor:<16}{session.state:<14}{session.name}", markup=False)
    console.rule("ip route show proto bird", align="left")
    routes = machine.run("ip", "route", "show", "proto", "bird").stdout
    console.print(routes.rstrip() or "none", markup=False)
    console.rule("HTTP from the external machine", align="left")
    silent = 0
    for url in (*list(status.pods.values())[:1], status.service):
        answer = machine.run("curl", "-sS", "--max-time", "5", url, check=False)
        silent += answer.returncode != 0
        text = answer.stdout.strip() or answer.stderr.strip()
        console.print(f"{url:<32}{text}", markup=False)
    return 1 if silent else 0


def main(arguments: list[str]) -> int:
    """`FOLDER json | table | connection`."""
    layout, kind = Layout(folder=Path(arguments[0])), arguments[1]
    console = Console(highlight=False, soft_wrap=True)
    if kind == "connection":
        return show_connection(layout, console)
    status = look(layout)
    if kind == "json":
        print(json.dumps(asdict(status), indent=2))
    else:
        show(status, console)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The program's own verification, which ends an `up`, on a site of many nodes (bench/many_nodes.py).

It is the router script's `verify`, with the expectation that the program sends it, run by this computer's sh
in the machine's namespace. There is no systemd for this BIRD, so what the script asks of it is left out.
"""

import shlex
import subprocess
import time

from bench.many_nodes import MACHINES, PATIENCE, ManyNodes, addresses, kernel_routes
from components.bird.bird_router import router_script
from components.bird.expectation import expectation
from lab.hosts import NETNS
from lab.site import SERVICE_NETWORK
from lab.waiting import wait_for

MOST_HOPS = 255
MISSING = "- missing "


def _verify(site: ManyNodes, seconds: int) -> tuple[subprocess.CompletedProcess[str], float]:
    """What it says, and how long it took, in seconds."""
    own = (
        f'birdc() {{ {shlex.join(site.client())} "$@"; }}\nsystemctl() {{ :; }}\njournal() {{ :; }}\nverify\n'
    )
    wanted = expectation(site.settings.model_copy(update={"verify_timeout": seconds}))
    start = time.monotonic()
    done = subprocess.run(
        [
            "nsenter",
            f"--net={NETNS / MACHINES}",
            "--",
            "sh",
            "-c",
            router_script().removesuffix('main "$@"\n') + own,
        ],
        input=wanted,
        cwd=site.folder,
        env=site.environment(),
        capture_output=True,
        text=True,
    )
    return done, time.monotonic() - start


def _told(site: ManyNodes) -> list[str]:
    """What it says is missing."""
    done, _ = _verify(site, 1)
    assert done.returncode == 1, f"it finds nothing missing: {done.stdout[-500:]}{done.stderr[-500:]}"
    return [line.removeprefix(MISSING) for line in done.stderr.splitlines() if line.startswith(MISSING)]


def verified(site: ManyNodes) -> None:
    """Have it look at the whole site, at one without one next hop, and at one without one node; print it.

    Raises:
        AssertionError: when it says anything but what is so.
    """
    nodes = [str(address) for address in addresses(site.count)]
    hops = min(site.count, MOST_HOPS)
    done, took = _verify(site, PATIENCE)
    assert done.returncode == 0, f"it finds something missing in a whole site: {done.stderr[:2000]}"
    said = [line.split() for line in done.stdout.splitlines()]
    assert [line[1:3] for line in said if line[0] == "session"] == [[node, "Established"] for node in nodes]
    routes = {line[1]: line[2:] for line in said if line[0] == "route"}
    assert routes == kernel_routes() and len(routes) == site.count + 1
    assert all(len(its) == hops for its in routes.values())
    print(
        f"The verification finds {site.count} sessions and {len(routes)} routes of {hops} next hops"
        f" in {took:.1f} s."
    )

    # BIRD 3 dies when its limit changes (components/bird/bird_config.py).
    if site.count > hops and site.series == "2":
        service = str(SERVICE_NETWORK)
        site.limit_next_hops(hops - 1)
        wait_for("one next hop fewer", lambda: len(kernel_routes()[service]) == hops - 1, PATIENCE)
        lines = _told(site)
        gone = f" it has {hops - 1} of the {hops} that BIRD puts into one route. "
        assert lines[0].startswith(f"next hops of {service}:{gone}"), lines
        assert [line for line in lines if "session" in line] == []
        print(f"Without one next hop it says: {lines}")
        site.limit_next_hops(hops)
        wait_for("it to come back", lambda: len(kernel_routes()[service]) == hops, PATIENCE)

    site.nodes[site.count // 2].terminate()
    node = nodes[site.count // 2]
    wait_for("one session fewer", lambda: site.sessions() == site.count - 1, PATIENCE)
    lines = _told(site)
    assert lines[0].startswith(f"session with {node}: "), lines
    # With more nodes than next hops another one has taken its place in the routes.
    assert len(lines) == 1 or site.count <= hops, lines
    print(f"Without one node it says: {lines[0]}")

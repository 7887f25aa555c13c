"""What only tests need of a lab, by name: not in `make lab`, but brought by `python -m lab up --with NAME`.

The names, and the words about them. What belongs to a name is fetched or built in lab/gather.py and started
by the part of the lab that it concerns.
"""

from collections.abc import Collection, Iterable

from lab.errors import LabError

CALICOCTL, NODE_STATUS = "calicoctl", "node-status"
NEXT_DEBIAN, CINDER, OTHER_PROGRAMS = "next-debian", "cinder", "other-programs"
STATE_BACKENDS, GITLAB_RUNNER = "state-backends", "gitlab-runner"
EXTRAS: dict[str, str] = {
    CALICOCTL: "Calico's command line",
    NODE_STATUS: "calico-node's status reporter on every node (CalicoNodeStatus; route reflectors need it)",
    NEXT_DEBIAN: "BIRD 3, dnf and rpm in the machines' apt repository",
    CINDER: "OpenStack's volumes",
    OTHER_PROGRAMS: "firewalls, keepalived and NetworkManager in the machines' apt repository",
    STATE_BACKENDS: "PostgreSQL and an S3 server on the management host, for stacks with their state there",
    GITLAB_RUNNER: "gitlab-ci-local, which runs GitLab's pipelines on the management host",
}
ALL = "all"


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The extras named, each once; `all` names every one."""
    wanted = set(names)
    return tuple(name for name in EXTRAS if name in wanted or ALL in wanted)


def check_extras(has: Collection[str], wanted: Iterable[str]) -> None:
    """Check that a running lab `has` the extras wanted.

    Raises:
        LabError: with those that it lacks and how to get a lab that has them.
    """
    lacking = [name for name in in_order(wanted) if name not in has]
    if lacking:
        words = " ".join(f"--with {name}" for name in in_order([*has, *lacking]))
        raise LabError(
            f"the lab runs without {', '.join(lacking)}: take it down (`make down`) and bring it up with"
            f" `python -m lab up {words}`"
        )

"""Fills the user's cache with what a lab is made of: fetched and built side by side, before anything starts.

It runs on the machine itself, where the registries are reached. What is in the cache already costs nothing.
"""

from collections.abc import Collection
from pathlib import Path

from lab.debian import Tools, tools
from lab.engine.products import pulumi_on_path
from lab.extras import CINDER, GITLAB_RUNNER, NEXT_DEBIAN, OTHER_PROGRAMS, STATE_BACKENDS
from lab.gitlab_runner.fetch import gitlab_runner
from lab.layout import Layout
from lab.newer_bird import NewerBirds, newer_birds
from lab.next_debian import next_debian
from lab.openstack.venv import ensure_cinder, ensure_venv
from lab.other_programs import other_programs
from lab.parts import Parts
from lab.programs import programs
from lab.progress import Steps
from lab.rootfs import rootfs
from lab.side_by_side import side_by_side
from lab.stack import install_own_plugins
from lab.state_backends.fetch import state_backends


def gather(layout: Layout, steps: Steps, extras: tuple[str, ...] = ()) -> Parts:
    """Everything that a lab with these extras is made of.

    Raises:
        LabError: with all that could not be fetched or built.
    """
    with side_by_side() as start:
        made = start(lambda: programs(layout, steps, extras))
        debian = start(lambda: _debian(layout, steps, extras))
        openstack = start(lambda: _openstack(layout, steps, extras))
        plugin = start(lambda: _plugins(steps))
    (unpacked, layers, servers, runner), (venv, cinder) = debian.result(), openstack.result()
    return Parts(unpacked, layers, venv, cinder, made.result(), plugin.result(), extras, servers, runner)


def _debian(
    layout: Layout, steps: Steps, extras: Collection[str]
) -> tuple[Tools, tuple[Path, ...], Path | None, Path | None]:
    """The tools, the layers of the machines' root, and the folders of programs of the management host."""
    with steps("Debian tools"):
        unpacked = tools(layout, steps.say)

    def machines() -> Path:
        with steps("machines' Debian (about 40 s the first time)", long=True):
            return rootfs(layout, unpacked, steps.say)

    def birds() -> NewerBirds:
        with steps("BIRDs of the next Debian"):
            return newer_birds(layout, steps.say)

    def servers() -> Path:
        with steps("PostgreSQL and an S3 server"):
            return state_backends(layout, steps.say)

    def runner() -> Path:
        with steps("gitlab-ci-local from npm"):
            return gitlab_runner(layout, steps.say)

    # These not before the tools, as all may have the machine's package lists updated.
    with side_by_side() as start:
        root = start(machines)
        newer = start(birds) if NEXT_DEBIAN in extras else None
        backends = start(servers) if STATE_BACKENDS in extras else None
        pipelines = start(runner) if GITLAB_RUNNER in extras else None
    layers: tuple[Path, ...] = (root.result(),)
    if newer is not None:
        with steps("BIRD 3, dnf and rpm for the machines"):
            layers = (next_debian(layout, layers[0], newer.result(), steps.say), *layers)
    if OTHER_PROGRAMS in extras:
        with steps("firewalls, keepalived and NetworkManager for the machines"):
            layers = (other_programs(layout, layers, steps.say), *layers)
    return (
        unpacked,
        layers,
        backends.result() if backends else None,
        pipelines.result() if pipelines else None,
    )


def _openstack(layout: Layout, steps: Steps, extras: Collection[str]) -> tuple[Path, Path | None]:
    """The virtual environments of OpenStack, and of Cinder."""
    with steps("OpenStack from PyPI (about a minute the first time)", long=True):
        venv = ensure_venv(layout, steps.say)
    if CINDER not in extras:
        return venv, None
    with steps("Cinder from PyPI"):
        return venv, ensure_cinder(layout, venv, steps.say)


def _plugins(steps: Steps) -> bool:
    """Whether the machine's own engine, where it has one, has pulumi-command's plugin."""
    if not pulumi_on_path():
        return False
    with steps(f"plugins for {pulumi_on_path()}", long=True):
        return install_own_plugins()

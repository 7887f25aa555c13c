"""What these tests begin with, beside what all tests on the lab share (tests/on_the_lab.py)."""

from collections.abc import Iterator

import pytest
from openstack import connect

from lab.external import External
from lab.layout import Layout
from lab.routing import Routing
from tests.integration.account import Account, account
from tests.integration.delivered import Delivery
from tests.integration.made_machine import Site, made_here
from tests.integration.provided import NewRun, Port, begin_run
from tests.needed_extras import pytest_runtest_setup
from tests.on_the_lab import (
    Calico,
    Changed,
    Json,
    Stack,
    bare_stack,
    bird_routes,
    calico,
    changed,
    cloud,
    emptied,
    layout,
    machine,
    module_stack,
    plain,
    poll,
    stack,
    with_settings,
)

__all__ = [
    "Calico",
    "Changed",
    "Json",
    "Stack",
    "bare_stack",
    "bird_routes",
    "calico",
    "changed",
    "cloud",
    "emptied",
    "layout",
    "machine",
    "module_stack",
    "plain",
    "poll",
    "pytest_runtest_setup",
    "stack",
    "with_settings",
]


@pytest.fixture(scope="module")
def no_stack(bare_stack: Stack) -> Stack:
    """The stack with nothing in it, for tests that leave it so."""
    bare_stack.destroy()
    return bare_stack


@pytest.fixture(scope="module")
def changing(module_stack: Stack) -> Iterator[Stack]:
    """The stack in whatever way the test before left it, and as it was in the end."""
    yield module_stack
    module_stack.up("--refresh")


@pytest.fixture(scope="module")
def user(layout: Layout, calico: Calico, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """A service account of the cluster that may nothing yet."""
    with account(layout, tmp_path_factory.mktemp("account")) as made:
        yield made


@pytest.fixture
def routing(module_stack: Stack, layout: Layout) -> Iterator[Routing]:
    """All nodes with their sessions, before and after the test."""
    found = Routing(layout)
    found.spread()
    found.settle()
    yield found
    found.settle()


@pytest.fixture(scope="module")
def installed(bare_stack: Stack, machine: External) -> Iterator[Delivery]:
    """BIRD is installed on the machine by the script alone, nothing delivered.

    The stack is empty before and after: what is removed here, a stack would believe to be there.
    """
    bare_stack.destroy()
    made = Delivery(machine)
    made.put_script()
    made.run("install 2")
    with emptied(bare_stack):
        yield made
    made.run("remove")


@pytest.fixture(scope="module")
def site(bare_stack: Stack, layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site for a machine that is made there, with nothing on it."""
    with made_here(bare_stack, layout, tmp_path_factory.mktemp("stack")) as site:
        yield site


@pytest.fixture
def new_run(monkeypatch: pytest.MonkeyPatch) -> NewRun:
    """Begins a new run of the providers; one has begun."""
    begin_run(monkeypatch)
    return lambda: begin_run(monkeypatch)


@pytest.fixture
def port(layout: Layout, new_run: NewRun) -> Iterator[Port]:
    """A fresh port in the nodes' network, of the program's own project."""
    own = connect(cloud="lab")
    network = own.network.find_network("nodes", ignore_missing=False)
    made = own.network.create_port(network_id=network.id, name="fresh")
    yield Port(own, made.id)
    own.network.delete_port(made.id, ignore_missing=True)

"""BGPConfigurations that several write: two clusters in one run, two stacks, and who is quicker than we are.

With Kubernetes in memory (calico_store.py). One stack at one cluster, killed runs among that, is tested on
the lab (tests/integration/test_default_ownership.py), and what is merged in test_bgp_configuration_part.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.calico import (
    bgp_configuration_provider,
    bgp_configuration_writer,
    calico_api,
    default_before_provider,
    unchanged_meanwhile,
)
from components.calico.bgp_configuration_part import Part
from components.calico.bgp_configuration_provider import BgpConfigurationPartProvider
from components.calico.calico_api import ChangedMeanwhileError, connect
from components.calico.default_before_provider import DefaultBeforeProvider
from components.shared.provider_errors import ProviderError
from components.shared.this_run import ThisRun
from tests.unit.calico_store import Store, StoreApi

SERVICES = "10.96.0.0/12"
ENTRIES = {"serviceClusterIPs": [{"cidr": SERVICES}]}
LISTS: dict[str, Any] = {"lists": {"serviceClusterIPs": [SERVICES]}}
VALUE: dict[str, Any] = {"values": {"logSeverityScreen": "Debug"}}
HERE, THERE = "https://203.0.113.1:6443", "https://203.0.113.2:6443"
State = dict[str, Any]


class Ours:
    """A stack's part of an object in one cluster, called as the engine calls it."""

    def __init__(self, folder: Path, host: str, wanted: State, **more: Any) -> None:
        path = folder / f"{host.rpartition('/')[2].replace(':', '-')}.kubeconfig"
        document = {
            "clusters": [{"name": "one", "cluster": {"server": host}}],
            "users": [{"name": "one", "user": {"token": "secret"}}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
            "current-context": "one",
        }
        path.write_text(yaml.safe_dump(document))
        self.kubeconfig = str(path)
        defaults = {"object": "default", "stack": "project/stack", "lists": {}, "values": {}}
        self.props = {**defaults, **wanted, **more, "kubeconfig": self.kubeconfig}
        self.before: list[State] = []
        self.state: State = {}

    def look(self) -> None:
        """The resources that see what was there before us, made and saved."""
        places = Part(self.props["lists"], self.props["values"]).places()
        props = {name: self.props[name] for name in ("object", "stack", "kubeconfig")}
        provider = DefaultBeforeProvider()
        self.before = [provider.create({**props, "place": place}).outs or {} for place in places]

    def write(self) -> State:
        """The part made; a caller that throws its state away was killed before it was saved."""
        known = [{name: one[name] for name in ("place", "uid", "listed")} for one in self.before]
        return BgpConfigurationPartProvider().create({**self.props, "before": known}).outs or {}

    def up(self) -> None:
        self.look()
        self.state = self.write()

    def forget(self) -> None:
        """The part deleted, where its state was saved, and what had looked."""
        if self.state:
            BgpConfigurationPartProvider().delete("", self.state)
        for one in self.before:
            DefaultBeforeProvider().delete("", one)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """The clusters, empty."""
    made = Store()
    for module in (calico_api, bgp_configuration_writer):
        monkeypatch.setattr(module, "CustomObjectsApi", made.api)
    return made


@pytest.fixture
def new_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Begins a new run; one has begun."""

    def begin() -> None:
        run = ThisRun()
        for module in (bgp_configuration_writer, bgp_configuration_provider, default_before_provider):
            monkeypatch.setattr(module, "THIS_RUN", run)

    begin()
    return begin


def test_what_one_cluster_lacked_says_nothing_of_another(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    killed, new = Ours(tmp_path, HERE, LISTS), Ours(tmp_path, THERE, LISTS)
    killed.look()
    killed.write()
    new_run()
    new.look()
    killed.state = killed.write()
    assert (killed.state["made"], killed.state["added"]) == (True, LISTS["lists"])
    new.state = new.write()
    for one in (killed, new):
        one.forget()
    assert store.objects == {HERE: {}, THERE: {}}


def test_what_was_written_in_one_cluster_makes_nothing_ours_in_another(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    first, second = Ours(tmp_path, HERE, LISTS), Ours(tmp_path, THERE, LISTS)
    second.look()
    first.up()
    store.write(THERE, "default", **ENTRIES)
    second.state = second.write()
    assert (second.state["made"], second.state["added"]) == (False, {})
    new_run()
    for one in (first, second):
        one.forget()
    assert (store.spec(HERE, "default"), store.spec(THERE, "default")) == (None, ENTRIES)


def test_what_goes_in_one_cluster_is_not_gone_from_another(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    saved, killed = Ours(tmp_path, HERE, LISTS), Ours(tmp_path, THERE, LISTS)
    saved.up()
    killed.look()
    killed.write()
    new_run()
    for one in (saved, killed):
        one.forget()
    assert store.objects == {HERE: {}, THERE: {}}


def test_an_object_that_was_there_and_empty_stays(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    store.write(HERE, "default")
    ours = Ours(tmp_path, HERE, {**LISTS, **VALUE})
    ours.up()
    new_run()
    ours.forget()
    assert store.spec(HERE, "default") == {}


def test_a_nodes_object_is_another_than_default(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    store.write(HERE, "node.node1", listenPort=1790)
    default, node = (
        Ours(tmp_path, HERE, VALUE),
        Ours(tmp_path, HERE, {"values": {"logSeverityScreen": "Info"}}, object="node.node1"),
    )
    # All look before one writes, as the engine may have it.
    for one in (default, node):
        one.look()
    for one in (default, node):
        one.state = one.write()
    assert store.spec(HERE, "default") == {"logSeverityScreen": "Debug"}
    assert store.spec(HERE, "node.node1") == {"listenPort": 1790, "logSeverityScreen": "Info"}
    assert (default.state["made"], node.state["made"]) == (True, False)
    new_run()
    for one in (default, node):
        one.forget()
    assert store.objects[HERE].keys() == {"node.node1"}
    assert store.spec(HERE, "node.node1") == {"listenPort": 1790}


def test_two_stacks_share_an_object_and_its_maker_leaves_the_others_part(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    first = Ours(tmp_path, HERE, {**LISTS, **VALUE}, stack="project/first")
    own = {"lists": {"serviceExternalIPs": ["203.0.113.0/28"]}, "values": {"bindMode": "NodeIP"}}
    second = Ours(tmp_path, HERE, own, stack="project/second")
    for one in (first, second):
        new_run()
        one.up()
    new_run()
    first.forget()
    assert store.spec(HERE, "default") == {
        "serviceExternalIPs": [{"cidr": "203.0.113.0/28"}],
        "bindMode": "NodeIP",
    }
    marks = store.objects[HERE]["default"]["metadata"]["annotations"]["calico-peering/values"]
    assert json.loads(marks) == {"project/second": {"bindMode": {"ours": "NodeIP"}}}
    new_run()
    second.forget()
    assert store.spec(HERE, "default") == {}


def test_what_two_stacks_want_is_the_firsts_and_the_second_shows_it_missing(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    first, second = (
        Ours(tmp_path, HERE, {**LISTS, **VALUE}, stack=f"project/{name}") for name in ("first", "second")
    )
    store.write(HERE, "default", ignoredInterfaces=["eth9"])
    for one in (first, second):
        new_run()
        one.up()
    assert (second.state["added"], second.state["kept"]) == ({}, {})
    new_run()
    first.forget()
    assert store.spec(HERE, "default") == {"ignoredInterfaces": ["eth9"]}
    provider = BgpConfigurationPartProvider()
    shown = provider.read("", second.state).outs or {}
    assert (shown["lists"], shown["values"]) == ({"serviceClusterIPs": []}, {})
    assert provider.diff("", shown, second.state).changes
    new_run()
    second.state = provider.update("", shown, {**second.state, "before": []}).outs or {}
    assert store.spec(HERE, "default") == {"ignoredInterfaces": ["eth9"], **ENTRIES, **VALUE["values"]}
    new_run()
    second.forget()
    assert store.spec(HERE, "default") == {"ignoredInterfaces": ["eth9"]}


def test_another_stacks_value_is_refused_with_its_name(
    store: Store, new_run: Callable[[], None], tmp_path: Path
) -> None:
    Ours(tmp_path, HERE, VALUE, stack="project/first").up()
    new_run()
    second = Ours(tmp_path, HERE, {"values": {"logSeverityScreen": "Info"}}, stack="project/second")
    with pytest.raises(ProviderError, match="written by the calico-peering stack project/first"):
        second.up()
    assert store.spec(HERE, "default") == {"logSeverityScreen": "Debug"}


def somebody_is_quicker(store: Store, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Others write after each of as many reads; the list grows with each."""
    read, written = StoreApi.get_cluster_custom_object, list[int]()

    def and_somebody_writes(self: StoreApi, *which: str, **options: Any) -> State:
        found = read(self, *which, **options)
        if len(written) < times:
            written.append(len(written))
            store.write(self.host, which[-1], ignoredInterfaces=[f"eth{len(written)}"])
        return found

    monkeypatch.setattr(StoreApi, "get_cluster_custom_object", and_somebody_writes)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    return written


def test_who_is_quicker_loses_nothing_and_we_begin_again(
    store: Store, new_run: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(HERE, "default")
    ours = Ours(tmp_path, HERE, LISTS)
    ours.look()
    assert somebody_is_quicker(store, monkeypatch, 3) == []
    ours.state = ours.write()
    assert store.spec(HERE, "default") == {"ignoredInterfaces": ["eth3"], **ENTRIES}


def test_who_is_always_quicker_ends_it_with_kubernetes_words(
    store: Store, new_run: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(HERE, "default")
    ours = Ours(tmp_path, HERE, LISTS)
    ours.look()
    written = somebody_is_quicker(store, monkeypatch, 1000)
    with pytest.raises(ChangedMeanwhileError, match="it has been changed"):
        ours.write()
    assert len(written) == unchanged_meanwhile.ATTEMPTS
    assert "serviceClusterIPs" not in store.spec(HERE, "default")


def test_what_others_put_in_as_we_delete_the_object_keeps_it(
    store: Store, new_run: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Ours(tmp_path, HERE, LISTS)
    ours.up()
    new_run()
    somebody_is_quicker(store, monkeypatch, 1)
    ours.forget()
    assert store.spec(HERE, "default") == {"ignoredInterfaces": ["eth1"]}


def test_a_client_is_known_by_its_cluster(tmp_path: Path) -> None:
    clients = [connect(Ours(tmp_path, host, LISTS).kubeconfig) for host in (HERE, THERE)]
    assert [calico_api.in_cluster(one, "default") for one in clients] == [
        f"default at {HERE}",
        f"default at {THERE}",
    ]

"""Which clouds the settings mean, and that the plugin gets a login only where it makes something."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.cloud_preflight import find_cloud, plugin_clouds
from components.ports import openstack_api
from components.settings.settings import read_settings
from components.settings.site import Site, single
from components.shared.provider_errors import ProviderError
from tests.unit.cloud_cases import BY_NAME, EXPLICITLY, REFUSED, Case, enter
from tests.unit.example import values
from tests.unit.recording_keystone import Keystone, recording_keystone


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    with recording_keystone(tmp_path_factory.mktemp("clouds")) as keystone:
        yield keystone


@pytest.fixture
def here(running: Keystone, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Enters a case, with nothing that was connected to before."""
    monkeypatch.setattr(openstack_api, "_connections", {})
    running.forget()
    return lambda case: enter(case, running, monkeypatch)


def site(**settings: str) -> Site:
    return single(read_settings(values(**settings)))


PORTS = {"nodePortNetwork": "nodes"}
GROUP = {**PORTS, "nodeSecurityGroup": "true"}


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("OS_CLOUD", PORTS, "b"),
        ("the only entry", PORTS, "a"),
        ("the environment", PORTS, None),
        ("OS_CLOUD names another entry", {**PORTS, "cloud": "a"}, "a"),
    ],
)
def test_the_entry_that_is_meant_gets_into_the_settings(
    here: Any, name: str, settings: dict[str, str], expected: str | None
) -> None:
    here(BY_NAME[name])
    found = find_cloud(site(**settings))
    assert found.cluster("").cloud == expected


def test_without_openstack_no_cloud_is_asked(here: Any, running: Keystone) -> None:
    here(Case({}))
    plain = site()
    assert find_cloud(plain) is plain and plugin_clouds(plain) == ({}, [])
    assert not running.bodies


def test_one_login_is_enough_for_a_cloud_by_both_names(here: Any, running: Keystone) -> None:
    here(BY_NAME["OS_CLOUD"])
    plugin_clouds(find_cloud(site(**GROUP)))
    assert len(running.bodies) == 1


def test_only_where_the_plugin_makes_something_it_has_to_be_given_the_login(here: Any) -> None:
    here(REFUSED["a token of the environment"])
    assert plugin_clouds(site(**PORTS, cloud="a")) == ({}, [])
    with pytest.raises(ProviderError, match="unset OS_TOKEN"):
        plugin_clouds(site(**GROUP, cloud="a"))


def test_a_secret_in_the_state_is_a_warning(here: Any) -> None:
    here(EXPLICITLY["OS_CLIENT_SECURE_FILE"])
    given, warnings = plugin_clouds(site(**GROUP, cloud="a"))
    assert given["a"]["user_name"] == "alice"
    assert len(warnings) == 1 and "encrypted" in warnings[0]

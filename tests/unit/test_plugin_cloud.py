"""What pulumi-openstack is given of a cloud: its name where that is enough, a secret only where needed."""

from collections.abc import Iterator

import pytest
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion

from components.ports import gophercloud_files
from components.ports.gophercloud_files import UnreadableError
from components.ports.gophercloud_login import read_login
from components.ports.openstack_login import login
from components.ports.plugin_cloud import SECRET_ARGUMENTS, plugin_cloud
from components.shared.provider_errors import ProviderError
from tests.unit.cloud_cases import BESIDE, BY_NAME, EXPLICITLY, REFUSED, SOUND, Case, enter
from tests.unit.recording_keystone import Keystone, recording_keystone

READ_ITSELF: dict[str, Case] = {**BY_NAME, **BESIDE}
NOT_BY_NAME: dict[str, Case] = {**BESIDE, **EXPLICITLY}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    with recording_keystone(tmp_path_factory.mktemp("clouds")) as keystone:
        yield keystone


@pytest.fixture
def environment(
    running: Keystone, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    monkeypatch.setattr(gophercloud_files, "home", lambda: str(tmp_path_factory.getbasetemp() / "no-home"))
    return enter(case, running, monkeypatch)


def resolved(case: Case) -> CloudRegion:
    return OpenStackConfig().get_one(case.cloud)


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_the_plugin_is_given_the_least_that_makes_it_log_in_as_the_program(
    case: Case, environment: dict[str, str], running: Keystone
) -> None:
    found = plugin_cloud(resolved(case), environment)
    expected = {
        key: running.fill_in(value) if isinstance(value, str) else value for key, value in case.given.items()
    }
    assert found.arguments == expected
    assert read_login(found.arguments, environment) == login(resolved(case))
    assert case.warned in found.warning and bool(case.warned) == bool(found.warning)
    assert "hidden" not in found.warning


@pytest.mark.parametrize("case", [next(iter(BY_NAME.values()))], ids=["by name"])
def test_an_address_in_the_place_of_the_catalogs_is_given_too(
    case: Case, environment: dict[str, str]
) -> None:
    cloud = resolved(case)
    given = plugin_cloud(cloud, environment).arguments
    cloud.config["network_endpoint_override"] = "https://neutron.example.org:9696/v2.0"
    cloud.config["compute_endpoint_override"] = "https://nova.example.org/v2.1/"
    overrides = {
        "network": "https://neutron.example.org:9696/v2.0/",
        "compute": "https://nova.example.org/v2.1/",
    }
    assert plugin_cloud(cloud, environment).arguments == {**given, "endpoint_overrides": overrides}
    # gophercloud asks no endpoint for its versions.
    cloud.config["network_endpoint_override"] = "https://neutron.example.org:9696"
    with pytest.raises(ProviderError, match="an override only with its version, /v2.0"):
        plugin_cloud(cloud, environment)


@pytest.mark.parametrize("case", READ_ITSELF.values(), ids=READ_ITSELF.keys())
def test_a_secret_that_the_plugin_can_read_itself_is_never_given(
    case: Case, environment: dict[str, str]
) -> None:
    assert not SECRET_ARGUMENTS & plugin_cloud(resolved(case), environment).arguments.keys()


@pytest.mark.parametrize("case", NOT_BY_NAME.values(), ids=NOT_BY_NAME.keys())
def test_by_the_name_alone_it_would_be_another_login(case: Case, environment: dict[str, str]) -> None:
    alone = {"cloud": case.cloud} if case.cloud else {}
    try:
        assert read_login(alone, environment) != login(resolved(case))
    except UnreadableError as error:
        assert "hidden" not in str(error)


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_be_given_is_one_sentence(
    case: Case, environment: dict[str, str], running: Keystone
) -> None:
    with pytest.raises(ProviderError) as caught:
        plugin_cloud(resolved(case), environment)
    for part in case.said:
        assert running.fill_in(part) in str(caught.value)
    assert "hidden" not in str(caught.value) and "\n" not in str(caught.value)

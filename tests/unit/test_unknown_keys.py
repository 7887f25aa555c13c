"""A misspelled setting is an error with the nearest right one, wherever it stands."""

import json

import pytest

from components.settings.settings import SettingsError
from components.settings.site import KEYS, read_site
from components.settings.unknown_keys import unknown_keys
from tests.unit.example import values


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("podNetwork", "podNetworks"),
        ("bgpPasword", "bgpPassword"),
        ("withheldNetwork", "withheldNetworks"),
        ("pod_networks", "podNetworks"),
        ("PodNetworks", "podNetworks"),
        ("bgp-password", "bgpPassword"),
        ("cluster", "clusters"),
        ("kubecontext", "kubeContext"),
    ],
)
def test_a_misspelled_setting_is_refused_with_the_nearest_one(key: str, meant: str) -> None:
    [line] = unknown_keys([f"calico-peering:{key}"], KEYS)
    assert line == f"calico-peering:{key}: no such setting; did you mean {meant}?"


def test_what_is_like_none_is_refused_without_a_guess() -> None:
    assert unknown_keys(["calico-peering:colour"], KEYS) == ["calico-peering:colour: no such setting"]


@pytest.mark.parametrize("namespace", ["calico-pering", "calico_peering", "calicopeering", "Calico-Peering"])
def test_a_misspelled_namespace_is_refused(namespace: str) -> None:
    assert unknown_keys([f"{namespace}:nodes"], KEYS) == [
        f"{namespace}:nodes: nothing reads this namespace; did you mean calico-peering:nodes?"
    ]


@pytest.mark.parametrize("key", ["kubernetes:context", "openstack:cloud", "pulumi:tags", "calico:nodes"])
def test_settings_of_others_are_theirs(key: str) -> None:
    assert unknown_keys([key], KEYS) == []


def test_every_setting_is_known() -> None:
    assert unknown_keys([f"calico-peering:{key}" for key in KEYS], KEYS) == []


def test_all_that_is_wrong_is_reported_at_once() -> None:
    clusters = {"east": {"podNetwork": ["10.0.0.0/8"]}}
    found = ["calico-peering:bgpPasword", "calico-peering:nodes"]
    with pytest.raises(SettingsError) as caught:
        read_site(values(sshPort="ssh", clusters=json.dumps(clusters)), found)
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[:3] == [
        "the settings are wrong:",
        "calico-peering:bgpPasword: no such setting; did you mean bgpPassword?",
        "calico-peering:clusters.east.podNetwork: no such setting; did you mean podNetworks?",
    ]
    assert lines[3].startswith("calico-peering:sshPort: found 'ssh'")

"""Settings: what is right is typed, what is wrong is told at once, by key, in words for a person."""

import json
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
import yaml

from components.settings.settings import KEYS, SettingsError, pair_networks, read_settings
from components.settings.site import read_site
from tests import golden
from tests.unit.example import HOST_KEY, LOGIN_PRIVATE_KEY, PROJECT, VALUES, values


@pytest.mark.parametrize("key", ["machineAddress", "nodeNetwork", "podNetworks", "serviceNetworks"])
def test_what_is_a_sites_own_has_no_default(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(values(**{key: ""}))
    [line] = [line for line in str(caught.value).splitlines() if line.startswith(f"  calico-peering:{key}: ")]
    assert "found nothing; wanted the " in line or "found an empty list; wanted at least one" in line


def test_the_reference_network_is_read() -> None:
    settings = read_settings(VALUES)
    assert settings.machine_address == IPv4Address("172.34.8.45")
    assert settings.node_network == IPv4Network("172.34.8.0/24")
    assert settings.pod_networks == [IPv4Network("192.168.0.0/16")]
    assert settings.service_networks == [IPv4Network("10.96.0.0/12")]
    assert (settings.machine_as_number, settings.calico_as_number) == (65112, 64512)
    assert settings.ssh_host == "172.34.8.45"
    assert settings.node_port_network is None
    assert settings.node_port_ids == []


def test_pulumis_schema_has_the_same_keys_and_defaults() -> None:
    schema: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    assert set(schema) == {*KEYS, "machines", "clusters"}
    texts = {
        key: declared["default"] if isinstance(declared["default"], str) else json.dumps(declared["default"])
        for key, declared in schema.items()
    }
    assert read_site({**texts, **VALUES}) == read_site(VALUES)


def test_the_example_of_a_site_is_right() -> None:
    text = (PROJECT / "config" / "Pulumi.example.yaml").read_text()
    config: dict[str, Any] = yaml.safe_load(text)["config"]
    read = {
        key.removeprefix("calico-peering:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    assert set(read) <= set(KEYS)
    assert read_settings(read).machine_name == "gateway"


def test_the_comment_of_a_host_key_is_left_out() -> None:
    assert read_settings(values(sshHostKey=f"{HOST_KEY} root@external\n")).ssh_host_key == HOST_KEY


def test_ssh_may_be_elsewhere() -> None:
    assert read_settings(values(sshHost="gateway.example.org")).ssh_host == "gateway.example.org"


def test_another_address_needs_multihop() -> None:
    assert read_settings(values(machineAddress="10.9.9.9", multihop="2")).multihop == 2


def test_both_families_stand_in_one_list() -> None:
    settings = read_settings(
        values(
            machineAddress6="fd00::45",
            nodeNetwork6="fd00::/64",
            nodes='["172.34.8.10", "fd00::10"]',
            podNetworks='["192.168.0.0/16", "fd01::/48"]',
        )
    )
    four, six = settings.families
    assert (four.version, str(four.address), [str(node) for node in four.nodes]) == (
        4,
        "172.34.8.45",
        ["172.34.8.10"],
    )
    assert (six.version, [str(one) for one in six.networks["pod_networks"]]) == (6, ["fd01::/48"])


def test_a_machine_without_ipv4_is_known_by_its_router_id() -> None:
    settings = read_settings(
        values(
            machineAddress="fd00::45",
            nodeNetwork="fd00::/64",
            nodes='["fd00::10"]',
            podNetworks='["fd01::/48"]',
            serviceNetworks='["fd02::/112"]',
            routerId="192.0.2.45",
        )
    )
    assert [family.version for family in settings.families] == [6]
    assert str(settings.router_id) == "192.0.2.45"


def test_the_password_itself_is_kept_nowhere() -> None:
    settings = read_settings(values(bgpPassword="a long secret"))
    assert settings.with_password
    assert "a long secret" not in repr(settings)


def test_a_node_with_addresses_of_both_families_has_one_port() -> None:
    both = {"machineAddress6": "fd00::45", "nodeNetwork6": "fd00::/64", "nodePortNames": '["a", "b"]'}
    pods, services = '["10.0.0.0/16", "fd01::/48"]', '["10.96.0.0/12", "fd02::/112"]'
    nodes = '["172.34.8.10", "172.34.8.30", "fd00::10", "fd00::30"]'
    settings = read_settings(values(nodes=nodes, podNetworks=pods, serviceNetworks=services, **both))
    assert settings.node_port_names == ["a", "b"]


@pytest.mark.parametrize("way", ["nodePortNames", "nodePortTag", "nodeServerMetadata"])
def test_a_network_limits_every_search_but_that_of_ids(way: str) -> None:
    texts = {"nodePortNames": '["a", "b", "c", "d"]', "nodePortTag": "k8s", "nodeServerMetadata": "role=node"}
    settings = read_settings(values(nodePortNetwork="nodes", **{way: texts[way]}))
    assert settings.node_port_network == "nodes"


def test_metadata_of_servers_is_a_key_and_its_value() -> None:
    settings = read_settings(values(nodeServerMetadata="cluster=a=b"))
    assert settings.node_server_metadata == ("cluster", "a=b")


CASES: dict[str, dict[str, str]] = {
    "no-network": {"nodeNetwork": "nodes"},
    "network-without-length": {"nodeNetwork": "172.34.8.0"},
    "network-with-netmask": {"nodeNetwork": "172.34.8.0/255.255.255.0"},
    "host-bits": {"nodeNetwork": "172.34.8.1/24", "podNetworks": '["192.168.5.5/16"]'},
    "ipv6-networks-only": {"podNetworks": '["fd01::/48"]', "nodes": '["fd00::10"]'},
    "ipv6-without-its-network": {"machineAddress6": "fd00::45"},
    "ipv6-multihop-without-its-network": {
        "machineAddress": "fd09::9",
        "multihop": "3",
        "routerId": "192.0.2.45",
        "nodes": '["fd00::10"]',
        "podNetworks": '["fd01::/48"]',
        "serviceNetworks": '["fd02::/112"]',
    },
    "ipv6-without-router-id": {"machineAddress": "fd00::45", "nodeNetwork": "fd00::/64"},
    "ipv6-without-nodes": {"machineAddress6": "fd00::45", "nodeNetwork6": "fd00::/64"},
    "ipv6-twice": {"machineAddress6": "172.34.8.46", "nodeNetwork6": "fe80::1%eth0"},
    "link-local": {"machineAddress6": "fe80::45", "nodeNetwork6": "fe80::/64"},
    "not-of-a-machine": {
        "machineAddress": "224.0.0.5",
        "nodes": '["127.0.0.1", "255.255.255.255", "0.0.0.9", "::ffff:172.34.8.10", "ff02::1", "::"]',
    },
    "ipv6-without-pods": {
        "machineAddress6": "fd00::45",
        "nodeNetwork6": "fd00::/64",
        "nodes": '["172.34.8.10", "fd00::10"]',
        "serviceNetworks": '["10.96.0.0/12", "fd02::/112"]',
    },
    "prefix-lengths": {
        "podPrefixLengths": "26",
        "servicePrefixLengths": "32-12",
        "podPrefixLengths6": "48-129",
    },
    "prefix-lengths-of-nothing": {"podPrefixLengths": "8-15"},
    "timers": {"holdTime": "9", "keepaliveTime": "5", "restartTime": "4096", "nodeRestartTime": "0"},
    "vrf": {"vrf": "blue; table 3"},
    "vrf-without-table": {"vrf": "blue"},
    "kernel-table": {"kernelTable": "255", "kernelMetric": "0"},
    "password": {"bgpPassword": 'secret "quoted"'},
    "password-too-long": {"bgpPassword": "x" * 81},
    "description": {"description": 'cluster"; } protocol static {'},
    "package-version": {"birdPackageVersion": "2.0.12; reboot"},
    "package-files": {"birdPackageFiles": '["bird2.tar"]', "birdPackageVersion": "2.0.12-7"},
    "bird-version": {"birdVersion": "2.0"},
    "nothing-to-advertise": {"advertise": "true"},
    "route-reflectors": {"routeReflectors": '["172.34.8.45", "10.0.0.1"]'},
    "external-networks": {
        "externalNetworks": '["10.96.8.0/24"]',
        "loadBalancerNetworks": '["172.34.8.0/28"]',
    },
    "overlapping": {"podNetworks": '["10.0.0.0/8"]', "serviceNetworks": '["10.96.0.0/12"]'},
    "overlapping-nodes": {"podNetworks": '["172.34.0.0/16"]'},
    "overlapping-itself": {"podNetworks": '["10.0.0.0/8", "10.1.0.0/16"]'},
    "no-networks": {"podNetworks": "[]"},
    "as-number-range": {"machineAsNumber": "0", "calicoAsNumber": "4294967296"},
    "as-number-text": {"machineAsNumber": "AS65112"},
    "same-as-number": {"machineAsNumber": "64512"},
    "machine-outside": {"machineAddress": "10.9.9.9"},
    "machine-in-pod-network": {"machineAddress": "192.168.0.9", "multihop": "1"},
    "node-outside": {"nodes": '["172.34.9.10", "172.34.8.10"]'},
    "machine-among-nodes": {"nodes": '["172.34.8.45"]'},
    "no-nodes": {"nodes": "[]"},
    "duplicate-nodes": {"nodes": '["172.34.8.10", "172.34.8.30", "172.34.8.10"]'},
    "nodes-not-a-list": {"nodes": "172.34.8.10"},
    "too-many-nodes": {
        "nodeNetwork": "172.34.8.0/22",
        "machineAddress": "172.34.11.45",
        "nodes": json.dumps([f"172.34.{8 + last // 250}.{last % 250 + 1}" for last in range(501)]),
    },
    "no-host-key": {"sshHostKey": ""},
    "host-key-scanned": {"sshHostKey": f"172.34.8.45 {HOST_KEY}"},
    "host-key-cut-off": {"sshHostKey": HOST_KEY[:40]},
    "host-key-private": {"sshHostKey": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA"},
    "host-key-fingerprint": {"sshHostKey": "SHA256:7RGmHkyV9sBdSwQ"},
    "ports-twice": {"nodePortNetwork": "nodes", "nodePortIds": '["a", "b", "c", "d"]'},
    "ports-too-few": {"nodePortIds": '["a", "b"]'},
    "ports-duplicate": {"nodePortIds": '["a", "b", "c", "a"]'},
    "ports-two-ways": {"nodePortNames": '["a", "b", "c", "d"]', "nodePortTag": "k8s"},
    "ports-three-ways": {
        "nodePortTag": "k8s",
        "nodeServerMetadata": "cluster=production",
        "nodePortIds": '["a", "b", "c", "d"]',
    },
    "port-names-too-few": {"nodePortNames": '["a", "a"]'},
    "port-tags": {"nodePortTag": "k8s,nodes"},
    "server-metadata": {"nodeServerMetadata": "production"},
    "most-pairs": {"maxAddressPairs": "0"},
    "nodes-twice": {"nodesFromCluster": "true"},
    "not-a-flag": {"nodesFromCluster": "yes", "nodeSecurityGroup": "1"},
    "group-without-ports": {"nodeSecurityGroup": "true"},
    "machine-networks": {"machineNetworks": '["172.34.8.128/25", "10.96.1.0/24"]'},
    "machine-name": {"machineName": "External_1"},
    "ssh": {"sshHost": "-oProxyCommand=x", "sshPort": "70000", "sshUser": "root; reboot"},
    "bastion-of-nothing": {
        "sshBastionHostKey": HOST_KEY,
        "sshBastionPrivateKey": LOGIN_PRIVATE_KEY,
    },
    "bastion-unverified": {"sshBastionHost": "198.51.100.1"},
    "bastion": {"sshBastionHost": "jump host", "sshBastionPort": "0", "sshBastionUser": "-l"},
    "peer-selector": {"peerNodeSelector": "zone = 'north'"},
    "peers-two-ways": {"peerNodeSelector": "has(edge)", "peerNodes": '["node1", "node1"]'},
    "peering-nodes-of-every-node": {"peeringNodes": '["172.34.8.10"]'},
    "peering-nodes": {
        "peerNodes": '["node1"]',
        "peeringNodes": '["172.34.8.10", "172.34.8.10", "172.34.8.99", "172.34.8.45"]',
    },
    "peering-nodes-of-the-cluster": {
        "nodesFromCluster": "true",
        "nodes": "[]",
        "peerNodes": '["node1"]',
        "peeringNodes": '["172.34.8.10"]',
    },
    "node-options": {
        "nodeSourceAddress": "172.34.8.10",
        "nodeNextHopMode": "self",
        "nodeLocalAsNumber": "65112",
        "allowedLocalAsNumbers": "11",
    },
    "gateway": {"reachableBy": "172.34.8.45", "reachableBy6": "fd00::1"},
    "gateway-of-another-family": {"multihop": "2", "reachableBy": "fd00::1"},
    "filters": {
        "bgpFilters": '["a", "a", "bgpfilter-external"]',
        "withheldNetworks": '["192.168.0.0/16", "10.0.0.0/8", "10.1.0.0/16", "fd00::/8"]',
    },
    "names": {"peerNodes": '["Node_2", "node1."]', "bgpFilters": '["To_Outside"]'},
    "filters-of-others": {"defaultBgpFilter": "false", "withheldNetworks": '["192.168.9.0/24"]'},
    "numbers": {"multihop": "256", "importLimit": "0", "verifyTimeout": "1e3"},
    "import-policy": {"importPolicy": "some"},
    "many-at-once": {
        "nodeNetwork": "172.34.8.1/24",
        "nodes": '["172.34.8.10", "172.34.8.10", "x"]',
        "machineAsNumber": "-1",
        "importPolicy": "none",
        "sshHostKey": "",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_settings_are_told_in_these_words(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(values(**CASES[case]))
    golden.compare(f"settings/{case}.txt", f"{caught.value}\n")


def test_a_key_pasted_into_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(values(**CASES["host-key-private"]))
    assert "b3BlbnNz" not in str(caught.value)


@pytest.mark.parametrize(
    ("machine_pairs", "more"), [("false", []), ("true", ["172.34.8.45/32", "10.50.0.0/24"])]
)
def test_the_machine_is_among_the_pairs_only_when_asked_for(machine_pairs: str, more: list[str]) -> None:
    settings = read_settings(values(machinePairs=machine_pairs, machineNetworks='["10.50.0.0/24"]'))
    assert pair_networks(settings) == ["192.168.0.0/16", "10.96.0.0/12", *more]

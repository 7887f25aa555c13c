"""What PeerMachine declares on OpenStack, seen by Pulumi's mocks; the VM itself is tested on the lab."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
import yaml

from components.external_peering import ExternalPeering
from components.left_over import LeftOver
from components.machine.machine_left_over import MachineLeftOver
from components.machine.machine_parts import MachineParts
from components.machine.ssh_keys import public_half
from components.machine_secrets import MachineSecrets
from components.settings.settings import read_settings
from components.settings.site import single
from tests.mocks.recorder import Recorder, recorded
from tests.unit.example import HOST_PRIVATE_KEY, LOGIN_PRIVATE_KEY, made

INSTANCE = "openstack:compute/instance:Instance"
KEY_PAIR = "openstack:compute/keypair:Keypair"
PORT = "openstack:networking/port:Port"
GROUP = "openstack:networking/secGroup:SecGroup"
BARE = "pulumi-python:dynamic/calico-peering:NoDefaultRules"
RULE = "openstack:networking/secGroupRule:SecGroupRule"
FLOATING = "openstack:networking/floatingIp:FloatingIp"
PROVIDER = "pulumi:providers:openstack"
COMMAND = "command:remote:Command"
OPENSTACK = (INSTANCE, KEY_PAIR, PORT, GROUP, RULE, FLOATING, PROVIDER)

SEEN = "calico-peering: session 172.34.8.10 Established calico1"
PARTS = MachineParts("network-1", "subnet-1", image_id="image-1")
SECRETS = [line for key in (HOST_PRIVATE_KEY, LOGIN_PRIVATE_KEY) for line in key.splitlines()[1:-1]]


NAME = "external"


def is_secret(value: Any) -> bool:
    return isinstance(value, dict) and pulumi.runtime.rpc._special_sig_key in value


def peering(parts: MachineParts = PARTS, **changes: str) -> ExternalPeering:
    texts = made(**changes)
    return ExternalPeering(
        "gateway",
        {
            "site": single(read_settings(texts)),
            "secrets": {NAME: MachineSecrets(texts["sshPrivateKey"] or None, texts["sshHostPrivateKey"])},
            "machine_parts": {NAME: parts},
        },
    )


def declared(parts: MachineParts = PARTS, preview: bool = False, **changes: str) -> Recorder:
    outputs = {COMMAND: {"stdout": SEEN}, FLOATING: {"address": "203.0.113.7"}}
    return recorded(lambda: peering(parts, **changes), preview=preview, outputs={} if preview else outputs)


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return declared(preview=request.param)


def only(recorder: Recorder, kind: str) -> dict[str, Any]:
    (inputs,) = recorder.of(kind).values()
    return inputs


def test_the_port_has_the_machines_address_and_what_lies_behind_it() -> None:
    port = only(declared(machineNetworks='["10.30.0.0/16", "10.31.0.0/16"]'), PORT)
    assert port["networkId"] == "network-1"
    assert port["fixedIps"] == [{"subnetId": "subnet-1", "ipAddress": "172.34.8.45"}]
    assert port["allowedAddressPairs"] == [{"ipAddress": "10.30.0.0/16"}, {"ipAddress": "10.31.0.0/16"}]
    assert port["securityGroupIds"] == ["gateway-machine-group-group-id"]


def test_the_group_has_exactly_the_rules_needed() -> None:
    recorder = declared(
        machineSshNetworks='["198.51.100.0/28", "172.34.8.2/32"]', machineEgressNetworks='["10.9.9.9/32"]'
    )
    assert only(recorder, BARE)["group"] == "gateway-machine-group-group-id"
    rules = {
        (
            rule["direction"],
            rule["ethertype"],
            rule.get("protocol"),
            rule.get("portRangeMin"),
            rule.get("portRangeMax"),
            rule["remoteIpPrefix"],
        )
        for rule in recorder.of(RULE).values()
    }
    assert rules == {
        ("ingress", "IPv4", "tcp", 179, 179, "172.34.8.0/24"),
        ("ingress", "IPv4", "tcp", 22, 22, "198.51.100.0/28"),
        ("ingress", "IPv4", "tcp", 22, 22, "172.34.8.2/32"),
        ("egress", "IPv4", None, None, None, "192.168.0.0/16"),
        ("egress", "IPv4", None, None, None, "10.96.0.0/12"),
        ("egress", "IPv4", None, None, None, "10.9.9.9/32"),
    }


def test_no_rule_repeats_what_another_lets_out() -> None:
    out = [rule for rule in declared().of(RULE).values() if rule["direction"] == "egress"]
    assert [rule["remoteIpPrefix"] for rule in out] == ["0.0.0.0/0"]


def test_the_machine_is_made_of_what_was_found() -> None:
    vm = only(declared(), INSTANCE)
    assert (vm["imageId"], vm["flavorName"]) == ("image-1", "small")
    assert not vm.get("imageName") and not vm.get("flavorId") and not vm.get("blockDevices")
    assert vm["networks"] == [{"port": "gateway-machine-port-id"}]
    assert vm["configDrive"] is True


def test_an_image_that_is_gone_is_asked_for_by_name_and_warned_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, resource=None: warned.append(text))
    vm = only(declared(MachineParts("n", "s", lacking=("no image 'debian-12'",))), INSTANCE)
    assert vm["imageName"] == "debian-12" and not vm.get("imageId")
    assert any("no image 'debian-12'" in text for text in warned)


def test_a_flavors_id_is_given_as_such() -> None:
    vm = only(declared(MachineParts("n", "s", flavor_is_id=True)), INSTANCE)
    assert vm["flavorId"] == "small" and not vm.get("flavorName")


def test_a_volume_to_boot_from_goes_with_the_machine() -> None:
    vm = only(declared(machineVolumeSize="8"), INSTANCE)
    assert not vm.get("imageId") and not vm.get("imageName")
    assert vm["blockDevices"] == [
        {
            "uuid": "image-1",
            "sourceType": "image",
            "destinationType": "volume",
            "volumeSize": 8,
            "bootIndex": 0,
            "deleteOnTermination": True,
        }
    ]


def test_the_key_pair_is_the_logins_and_another_key_has_another_name() -> None:
    first, second = only(declared(), KEY_PAIR), only(declared(sshPrivateKey=HOST_PRIVATE_KEY), KEY_PAIR)
    assert first["publicKey"] == public_half(LOGIN_PRIVATE_KEY)
    assert first["name"] != second["name"]
    assert only(declared(), INSTANCE)["keyPair"] == first["name"]


def test_with_an_agent_no_private_key_goes_anywhere() -> None:
    public = public_half(LOGIN_PRIVATE_KEY)
    recorder = declared(sshPrivateKey="", machineSshPublicKey=public)
    assert only(recorder, KEY_PAIR)["publicKey"] == public
    for inputs in recorder.of(COMMAND).values():
        assert not inputs["connection"]["value"].get("privateKey")


def test_the_user_data_is_a_secret_and_holds_the_host_key(recorder: Recorder) -> None:
    data = only(recorder, INSTANCE)["userData"]
    assert is_secret(data)
    keys = yaml.safe_load(data["value"])["ssh_keys"]
    assert keys["ed25519_private"] == HOST_PRIVATE_KEY
    assert keys["ed25519_public"].strip() == public_half(HOST_PRIVATE_KEY)


def test_nothing_secret_is_in_any_plain_input(recorder: Recorder) -> None:
    for one in recorder.made:
        plain = json.dumps(
            {key: value for key, value in one.inputs.items() if not is_secret(value)}, default=str
        )
        assert not any(line in plain for line in SECRETS), one.name


def test_the_very_first_connection_is_verified(recorder: Recorder) -> None:
    for inputs in recorder.of(COMMAND).values():
        assert inputs["connection"]["value"]["hostKey"] == public_half(HOST_PRIVATE_KEY)


def test_only_the_first_connection_waits_for_a_boot(recorder: Recorder) -> None:
    attempts = {
        name: inputs["connection"]["value"]["dialErrorLimit"] for name, inputs in recorder.of(COMMAND).items()
    }
    assert attempts.pop("gateway-machine-booted") == 60
    assert attempts and set(attempts.values()) == {5}


def test_commands_run_again_on_another_instance() -> None:
    for name, inputs in declared().of(COMMAND).items():
        assert inputs["create"] == inputs["update"], name
        assert inputs["create"].endswith(" # on instance gateway-machine-vm-id"), name
        assert not inputs.get("triggers"), name
        assert "# on instance" not in (inputs.get("delete") or ""), name


def test_commands_for_an_instance_that_is_not_known_yet_are_unknown() -> None:
    commands = declared(preview=True).of(COMMAND)
    assert len(commands) == 7
    for inputs in commands.values():
        assert inputs.get("create") is None or inputs["create"] == pulumi.runtime.rpc.UNKNOWN


def test_logging_in_goes_to_the_floating_ip_unless_it_is_said_otherwise() -> None:
    def hosts(**changes: str) -> set[str]:
        parts = MachineParts("n", "s", floating_network="public")
        recorder = declared(parts, False, machineFloatingNetwork="public", **changes)
        floating = only(recorder, FLOATING)
        assert (floating["pool"], floating["portId"]) == ("public", "gateway-machine-port-id")
        return {inputs["connection"]["value"]["host"] for inputs in recorder.of(COMMAND).values()}

    assert hosts() == {"203.0.113.7"}
    assert hosts(sshHost="gateway.example.org") == {"gateway.example.org"}


def test_a_floating_ip_that_is_not_known_yet_does_not_fail_a_preview() -> None:
    parts = MachineParts("n", "s", floating_network="public")
    recorder = declared(parts, preview=True, machineFloatingNetwork="public")
    assert "gateway-verification" in recorder.of(COMMAND)


def test_everything_uses_the_same_cloud_and_only_its_name() -> None:
    recorder = declared(cloud="production")
    assert only(recorder, PROVIDER).get("cloud") == "production"
    for one in recorder.made:
        if one.typ in OPENSTACK and one.typ != PROVIDER:
            assert one.provider and "::gateway-machine-openstack::" in one.provider, one.name


def test_the_plugin_is_given_what_was_found_for_the_machine_s_cloud() -> None:
    def program() -> None:
        settings = read_settings(made(cloud="production", nodePortNetwork="nodes", nodeSecurityGroup="true"))
        ExternalPeering(
            "gateway",
            {
                "site": single(settings),
                "machine_parts": {settings.machine_name: PARTS},
                "secrets": {settings.machine_name: MachineSecrets(LOGIN_PRIVATE_KEY, HOST_PRIVATE_KEY)},
                "plugin_clouds": {
                    "production": {"cloud": "production", "region": "r2"},
                    None: {"cloud": "x"},
                },
            },
        )

    providers = recorded(program, outputs={COMMAND: {"stdout": SEEN}}).of(PROVIDER)
    assert {*providers} == {"gateway-machine-openstack", "gateway-nodes-cloud"}
    for given in providers.values():
        assert (given["cloud"], given["region"]) == ("production", "r2")


def test_what_a_killed_run_left_is_taken_in() -> None:
    def program() -> None:
        texts = made(machineFloatingNetwork="public")
        settings = read_settings(texts)
        rule = ("ingress", "tcp", 179, "172.34.8.0/24")
        left = MachineLeftOver("g", {rule: "r"}, "p", "f", "k")
        ExternalPeering(
            "gateway",
            {
                "site": single(settings),
                "secrets": {NAME: MachineSecrets(host_private_key=HOST_PRIVATE_KEY)},
                "machine_parts": {NAME: MachineParts("n", "s", floating_network="public")},
                "left_over": LeftOver(machine={NAME: left}),
            },
        )

    recorder = recorded(program, outputs={COMMAND: {"stdout": SEEN}, FLOATING: {"address": "203.0.113.7"}})
    imported = {one.name: one.resource_id for one in recorder.made if one.resource_id}
    assert imported == {
        "gateway-machine-group-group": "g",
        "gateway-machine-group-bgp-172.34.8.0/24": "r",
        "gateway-machine-port": "p",
        "gateway-machine-floating-ip": "f",
        "gateway-machine-key": "k",
    }


def test_an_existing_machine_has_nothing_of_it() -> None:
    texts = made(machineSource="existing", sshHostKey=public_half(HOST_PRIVATE_KEY))
    for key in ("machineNetwork", "machineImage", "machineFlavor", "machineSshNetworks"):
        texts.pop(key)

    def program() -> None:
        ExternalPeering("external", {"site": single(read_settings(texts))})

    recorder = recorded(program, outputs={COMMAND: {"stdout": SEEN}})
    assert not any(recorder.of(kind) for kind in OPENSTACK)
    for inputs in recorder.of(COMMAND).values():
        assert "# on instance" not in inputs["create"]

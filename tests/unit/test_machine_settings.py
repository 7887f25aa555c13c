"""Settings of a machine that is made on OpenStack: what belongs together, and what is missing."""

import json
from base64 import b64encode
from ipaddress import IPv4Network
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from components.machine.ssh_keys import public_half
from components.settings.settings import SettingsError, read_settings
from tests import golden
from tests.unit.example import (
    HOST_KEY,
    HOST_PRIVATE_KEY,
    LOGIN_PRIVATE_KEY,
    MADE,
    PROJECT,
    VALUES,
    made,
    private_key,
    values,
)

ENCRYPTED = (
    ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    .decode()
)
OTHER_TYPE = (
    ec.derive_private_key(7, ec.SECP256R1())
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    .decode()
)


def test_an_existing_machine_is_the_default_and_needs_none_of_it() -> None:
    assert not read_settings(VALUES).made


def test_the_host_key_is_taken_from_its_private_half() -> None:
    assert read_settings(made()).ssh_host_key == public_half(HOST_PRIVATE_KEY)


def test_the_host_key_may_be_given_as_well_when_it_is_the_same() -> None:
    key = f"{public_half(HOST_PRIVATE_KEY)} root@gateway"
    assert read_settings(made(sshHostKey=key)).ssh_host_key == public_half(HOST_PRIVATE_KEY)


def test_the_machine_lets_in_whoever_holds_the_private_key() -> None:
    assert read_settings(made()).machine_ssh_public_key == public_half(LOGIN_PRIVATE_KEY)


def test_with_an_agent_the_public_key_is_given() -> None:
    texts = made(sshPrivateKey="", machineSshPublicKey=f"{HOST_KEY} me@laptop")
    assert read_settings(texts).machine_ssh_public_key == HOST_KEY


def test_no_private_key_is_kept() -> None:
    kept = repr(read_settings(made()))
    assert "PRIVATE KEY" not in kept
    assert HOST_PRIVATE_KEY.splitlines()[3] not in kept


def test_an_existing_machines_private_key_is_checked_and_not_kept() -> None:
    assert read_settings(values(sshPrivateKey=LOGIN_PRIVATE_KEY)).login_key is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HOST_KEY, "a public key"),
        ("~/.ssh/id_ed25519", "what looks like the path of a file, not what is in it"),
        ("/root/.ssh/id_rsa", "what looks like the path of a file, not what is in it"),
        ("secret text", "no private key"),
        (ENCRYPTED, "a private key with a passphrase"),
        (LOGIN_PRIVATE_KEY[:150], "a private key that is damaged, cut off or of no use to ssh"),
    ],
    ids=["public", "path from home", "path", "text", "encrypted", "cut off"],
)
@pytest.mark.parametrize("key", ["sshPrivateKey", "sshBastionPrivateKey"])
def test_a_login_key_that_can_never_work_is_refused_before_a_preview_and_not_shown(
    key: str, text: str, found: str
) -> None:
    bastion = {"sshBastionHost": "bastion.example.org", "sshBastionHostKey": HOST_KEY}
    with pytest.raises(SettingsError) as caught:
        read_settings(values(**bastion, **{key: text}))
    [_, line] = str(caught.value).splitlines()
    assert line.startswith(f"  calico-peering:{key}: found {found}; wanted a private key in OpenSSH's format")
    assert text[:40] not in line


def test_an_rsa_host_key_is_refused_with_the_way_out() -> None:
    kind = b"ssh-rsa"
    blob = b64encode(len(kind).to_bytes(4, "big") + kind + bytes(300)).decode()
    with pytest.raises(SettingsError, match=r"found an RSA key.*ssh_host_ed25519_key\.pub"):
        read_settings(values(sshHostKey=f"ssh-rsa {blob}"))
    # The login's own key may be RSA: the algorithm is the client's choice there.
    assert read_settings(made(sshPrivateKey="", machineSshPublicKey=f"ssh-rsa {blob}")).made


@pytest.mark.parametrize("user", ["svc@corp.example.org", "CORP\\svc", "debian", "Administrator"])
def test_a_directorys_user_may_log_in_to_an_existing_machine(user: str) -> None:
    assert read_settings(values(sshUser=user)).ssh_user == user


@pytest.mark.parametrize("user", ["-oProxyCommand=x", "root; reboot", "a b", "", "1st"])
def test_what_is_no_users_name_is_refused(user: str) -> None:
    if user:
        with pytest.raises(SettingsError, match="sshUser"):
            read_settings(values(sshUser=user))
    else:
        assert read_settings(values(sshUser=user)).ssh_user == "root"


def test_a_machine_that_is_made_gets_a_user_that_cloud_init_can_make() -> None:
    with pytest.raises(SettingsError, match="a name that cloud-init can make"):
        read_settings(made(sshUser="svc@corp.example.org"))


def test_the_way_to_log_in_is_the_floating_ip_unless_it_is_said() -> None:
    assert read_settings(made()).ssh_host == "172.34.8.45"
    assert read_settings(made(machineFloatingNetwork="public")).ssh_host is None
    texts = made(machineFloatingNetwork="public", sshHost="gateway.example.org", sshPort="2222")
    assert read_settings(texts).ssh_host == "gateway.example.org"


def test_connections_may_go_anywhere_unless_it_is_said() -> None:
    assert read_settings(made()).machine_egress_networks == [IPv4Network("0.0.0.0/0")]
    assert read_settings(made(machineEgressNetworks="[]")).machine_egress_networks == []


def test_the_example_of_a_machine_on_openstack_is_right() -> None:
    text = (PROJECT / "config" / "Pulumi.example-openstack.yaml").read_text()
    config: dict[str, Any] = yaml.safe_load(text)["config"]
    read = {
        key.removeprefix("calico-peering:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    secrets = {key: MADE[key] for key in ("sshHostPrivateKey", "sshPrivateKey")}
    assert not set(read) & set(secrets)
    assert read_settings({**read, **secrets}).made


CASES: dict[str, dict[str, str]] = {
    "machine-source": {"machineSource": "aws"},
    "made-of-nothing": dict.fromkeys(set(MADE) - {"machineSource"}, ""),
    "made-host-key-no-key": {"sshHostPrivateKey": "secret text"},
    "made-host-key-encrypted": {"sshHostPrivateKey": ENCRYPTED},
    "made-host-key-cut-off": {"sshHostPrivateKey": HOST_PRIVATE_KEY[:150]},
    "made-host-key-type": {"sshHostPrivateKey": OTHER_TYPE},
    "made-host-key-public": {"sshHostPrivateKey": HOST_KEY},
    "made-host-keys-apart": {"sshHostKey": HOST_KEY},
    "made-login-encrypted": {"sshPrivateKey": ENCRYPTED},
    "made-login-keys-apart": {"machineSshPublicKey": HOST_KEY},
    "made-login-key-private": {"machineSshPublicKey": private_key(3)},
    "made-port": {"sshPort": "2222"},
    "made-volume": {"machineVolumeSize": "10G"},
    "made-networks": {
        "machineSshNetworks": '["10.0.0.0/8", "10.1.0.0/16"]',
        "machineEgressNetworks": '["10.0.0.1/8"]',
    },
    "not-made": {"machineSource": "existing", "sshHostKey": HOST_KEY, "machineVolumeSize": "8"},
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_settings_of_a_machine_are_told_in_these_words(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(made(**CASES[case]))
    golden.compare(f"settings/{case}.txt", f"{caught.value}\n")
    for text in CASES[case].values():
        assert "PRIVATE KEY" not in text or not any(line in str(caught.value) for line in text.splitlines())

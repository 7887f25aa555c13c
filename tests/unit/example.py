"""Right settings, to be made wrong."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PROJECT = Path(__file__).resolve().parents[2]
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0kfLB3XgwyN4bY1QmFHyG8sQ9c0e8oXo0mBqFhVYwT"
VALUES = {
    "machineAddress": "172.34.8.45",
    "nodeNetwork": "172.34.8.0/24",
    "podNetworks": '["192.168.0.0/16"]',
    "serviceNetworks": '["10.96.0.0/12"]',
    "nodes": '["172.34.8.10", "172.34.8.30", "172.34.8.76", "172.34.8.87"]',
    "sshHostKey": HOST_KEY,
}


def values(**changes: str) -> dict[str, str]:
    """The settings' texts with some of them changed."""
    return {**VALUES, **changes}


def private_key(seed: int) -> str:
    """An ed25519 key in OpenSSH's format, always the same one for a seed."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()


HOST_PRIVATE_KEY = private_key(1)
LOGIN_PRIVATE_KEY = private_key(2)
MADE = {
    "machineSource": "openstack",
    "machineNetwork": "nodes",
    "machineImage": "debian-12",
    "machineFlavor": "small",
    "machineSshNetworks": '["172.34.8.2/32"]',
    "sshHostPrivateKey": HOST_PRIVATE_KEY,
    "sshPrivateKey": LOGIN_PRIVATE_KEY,
    "sshHostKey": "",
}


def made(**changes: str) -> dict[str, str]:
    """The texts of a machine that is made on OpenStack, with some of them changed."""
    return {**VALUES, **MADE, **changes}

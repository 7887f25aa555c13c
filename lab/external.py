"""The external machine: a machine (lab/machine.py) in namespace `peer` that was there before OpenStack.

It has a fixed address and no port of Neutron's, a host key that the lab knows beforehand, and a login
for root. Its cloud-init is off: nobody hands it user data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lab.machine import Machine, write_file


@dataclass(frozen=True)
class KeyPair:
    """An ed25519 key in OpenSSH's formats."""

    private: str
    public: str

    @staticmethod
    def new() -> "KeyPair":
        """A fresh key."""
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        return KeyPair(private.decode(), public.decode())


@dataclass(frozen=True)
class External(Machine):
    """The external machine of a lab."""

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return "the external machine"

    @property
    def login_key(self) -> Path:
        """The private key that root's authorized_keys on the machine admits."""
        return self.layout.pki / "login"

    @property
    def host_key(self) -> Path:
        """The public host key of the machine's sshd."""
        return self.layout.pki / "host.pub"

    def prepare(self, debian: Sequence[Path]) -> None:
        """Mount the overlay above these layers and lay the keys in."""
        self.mount(debian)
        login, host = KeyPair.new(), KeyPair.new()
        write_file(self.login_key, login.private, 0o600)
        write_file(self.host_key, host.public + "\n", 0o644)
        write_file(self.root / "root/.ssh/authorized_keys", login.public + "\n", 0o600)
        (self.root / "root/.ssh").chmod(0o700)
        write_file(self.root / "etc/ssh/ssh_host_ed25519_key", host.private, 0o600)
        write_file(self.root / "etc/ssh/ssh_host_ed25519_key.pub", host.public + "\n", 0o644)
        write_file(self.root / "etc/hostname", "external\n", 0o644)
        write_file(self.root / "etc/cloud/cloud-init.disabled", "", 0o644)

"""The settings of a machine that is made on OpenStack, a part of settings.py's.

Pure. Private keys are given to it and only their public halves are kept: what belongs together can be
checked with these, and the private ones stay Pulumi secrets. It deliberately does not look into
OpenStack: whether network, image and flavor are there is found out by machine_parts.py.
"""

from ipaddress import IPv4Network
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator

from components.machine.ssh_keys import HOST_KEY_TYPE, LOGIN, public_half, public_key
from components.networks import overlaps
from components.settings.bastion_settings import BastionSettings
from components.settings.setting_types import NAMESPACE, Networks, sound, whole

T = TypeVar("T")

# The image's sshd listens here.
SSH_PORT = 22
MOST_GIB = 65536
WANTED = {
    "machine_network": "the Neutron network (name or id) of the machine's port",
    "machine_image": "the Glance image (name or id) that the machine boots, with cloud-init",
    "machine_flavor": "the Nova flavor (name or id) of the machine",
    "machine_ssh_networks": "the networks from which `pulumi up` logs in, such as 198.51.100.0/24",
}
HOST_KEY_HINT = (
    "wanted the private host key that the machine is to have: ssh-keygen -t ed25519 -N '' -f host_key;"
    f" pulumi config set --secret {NAMESPACE}:sshHostPrivateKey < host_key"
)


class MachineSettings(BastionSettings):
    """What a machine of `machineSource: openstack` needs; for an existing one all of it stays unset."""

    machine_source: Literal["existing", "openstack"] = "existing"
    machine_network: str | None = Field(default=None, validate_default=True)
    machine_image: str | None = Field(default=None, validate_default=True)
    machine_flavor: str | None = Field(default=None, validate_default=True)
    machine_volume_size: Annotated[int, whole(0, MOST_GIB)] = 0
    machine_ssh_networks: Networks = Field(default=[], validate_default=True)
    machine_egress_networks: Networks = Field(default=[IPv4Network("0.0.0.0/0")])
    machine_floating_network: str | None = None
    made_host_key: str | None = Field(default=None, validate_default=True, alias="sshHostPrivateKey")
    """The public half of sshHostPrivateKey."""
    login_key: str | None = Field(default=None, alias="sshPrivateKey")
    """The public half of sshPrivateKey; None for an existing machine, where it is only checked."""
    machine_ssh_public_key: str | None = Field(default=None, validate_default=True)
    """The key that the machine lets in."""

    @property
    def made(self) -> bool:
        """Whether the machine is made on OpenStack."""
        return self.machine_source == "openstack"

    @field_validator("machine_network", "machine_image", "machine_flavor", "machine_ssh_networks")
    @classmethod
    def _needed(cls, value: T, info: ValidationInfo) -> T:
        lacks = info.data.get("machine_source") == "openstack" and not value
        wanted = WANTED[str(info.field_name)]
        return sound(value, [f"found nothing; wanted {wanted}"] if lacks else [])

    @field_validator("machine_ssh_networks", "machine_egress_networks")
    @classmethod
    def _apart_from_each_other(cls, networks: list[IPv4Network]) -> list[IPv4Network]:
        return sound(networks, overlaps(networks))

    @field_validator(
        "machine_network",
        "machine_image",
        "machine_flavor",
        "machine_volume_size",
        "machine_ssh_networks",
        "machine_floating_network",
        "machine_ssh_public_key",
    )
    @classmethod
    def _of_no_use(cls, value: T, info: ValidationInfo) -> T:
        useless = info.data.get("machine_source") == "existing" and value
        only = f"is for a machine made here: set {NAMESPACE}:machineSource to openstack, or unset this"
        return sound(value, [only] if useless else [])

    @field_validator("made_host_key", mode="before")
    @classmethod
    def _host_key(cls, private: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("machine_source") != "openstack":
            return None
        if not private:
            raise ValueError(f"found nothing; {HOST_KEY_HINT}")
        public = public_half(private)
        kind = public.split()[0]
        return sound(
            public, [f"found a key of type {kind}; {HOST_KEY_HINT}"] if kind != HOST_KEY_TYPE else []
        )

    @field_validator("login_key", mode="before")
    @classmethod
    def _login_key(cls, private: str | None, info: ValidationInfo) -> str | None:
        # Also of an existing machine: a key that cannot be used would only show in the middle of `up`.
        public = public_half(private) if private else None
        return public if info.data.get("machine_source") == "openstack" else None

    @field_validator("machine_ssh_public_key", mode="before")
    @classmethod
    def _let_in(cls, text: str | None, info: ValidationInfo) -> str | None:
        made, known = info.data.get("machine_source") == "openstack", "login_key" in info.data
        login = info.data.get("login_key")
        if text is None:
            lacks = made and known and login is None
            agent = f"found nothing, and no {NAMESPACE}:sshPrivateKey to take it from; {LOGIN}"
            return sound(login, [agent] if lacks else [])
        public = public_key(text, LOGIN)
        other = f"is not the public half of {NAMESPACE}:sshPrivateKey, with which nobody could log in then"
        return sound(public, [other] if login is not None and public != login else [])

"""The settings of one stack, typed and checked: everything that is wrong is told at once.

Pure: it takes the texts that Pulumi's configuration holds (lists as JSON) and imports no Pulumi. It
deliberately does not hold a private key, which stays a Pulumi secret from beginning to end, and does
not look at the network: whether the machine or the cluster answers is found out later.
"""

from collections import Counter
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, TypeVar

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from components.machine.ssh_keys import public_key
from components.networks import duplicates
from components.settings.calico_settings import CalicoSettings
from components.settings.machine_settings import SSH_PORT
from components.settings.network_settings import NETWORK_LISTS
from components.settings.setting_types import (
    HOST,
    LOCAL_USER,
    NAMESPACE,
    USER,
    flag,
    key_value,
    list_of,
    matching,
    sound,
    tag,
    whole,
)

T = TypeVar("T")


class SettingsError(Exception):
    """What is wrong with the settings, one line each, for a person."""


PORT_WAYS = (
    "node_port_network",
    "node_port_names",
    "node_port_tag",
    "node_server_metadata",
    "node_port_ids",
)
"""The settings of which one says how the nodes' Neutron ports are found; none: no OpenStack."""


class Settings(CalicoSettings):
    """All settings of a stack; what each means and its default is told in Pulumi.yaml.

    A field's check sees the fields above it, so the order is that of the checks.
    """

    ssh_host: Annotated[str, matching(HOST, "an address or a host name")] | None = Field(
        default="", validate_default=True
    )
    """None is the floating address, which is not known before the machine is made."""
    ssh_port: Annotated[int, whole(1, 65535)] = 22
    ssh_user: Annotated[str, matching(USER, "a login name such as debian")] = "root"
    ssh_host_key: str = Field(default="", validate_default=True)
    cloud: str | None = None
    node_port_network: str | None = None
    node_port_names: Annotated[list[str], list_of(str)] = Field(default=[])
    node_port_tag: Annotated[str | None, tag()] = None
    node_server_metadata: Annotated[tuple[str, str] | None, key_value()] = None
    node_port_ids: Annotated[list[str], list_of(str)] = Field(default=[])
    max_address_pairs: Annotated[int, whole(1, 10000)] = 10
    machine_pairs: Annotated[bool, flag()] = False
    node_security_group: Annotated[bool, flag()] = False
    verify_timeout: Annotated[int, whole(1, 3600)] = 90

    @field_validator("ssh_host", mode="before")
    @classmethod
    def _same_host(cls, host: str, info: ValidationInfo) -> str | None:
        if not host and info.data.get("machine_floating_network"):
            return None
        # The name only stands in when machineAddress is wrong itself, which is told there.
        return host or str(info.data.get("machine_address", "unknown"))

    @field_validator("ssh_user")
    @classmethod
    def _made_by_cloud_init(cls, user: str, info: ValidationInfo) -> str:
        wrong = info.data.get("machine_source") == "openstack" and not LOCAL_USER.fullmatch(user)
        wanted = f"found {user[:60]!r}; wanted a name that cloud-init can make on the machine, such as debian"
        return sound(user, [wanted] if wrong else [])

    @field_validator("ssh_port")
    @classmethod
    def _the_images_port(cls, port: int, info: ValidationInfo) -> int:
        own = "ssh_host" in info.data and info.data["ssh_host"] in (
            None,
            str(info.data.get("machine_address")),
        )
        wrong = info.data.get("machine_source") == "openstack" and own and port != SSH_PORT
        return sound(
            port,
            [
                f"found {port}; sshd of a machine made here listens at {SSH_PORT}: another port needs"
                f" {NAMESPACE}:sshHost, from where it is forwarded"
            ]
            if wrong
            else [],
        )

    @field_validator("ssh_host_key")
    @classmethod
    def _verified(cls, text: str, info: ValidationInfo) -> str:
        if "machine_source" not in info.data:
            return text
        if info.data["machine_source"] != "openstack":
            return public_key(text)
        # Absent also when it is wrong itself, which is told there.
        made = info.data.get("made_host_key")
        public = public_key(text) if text else str(made or "")
        other = (
            f"is not the public half of {NAMESPACE}:sshHostPrivateKey; leave it out, it is taken from there"
        )
        return sound(public, [other] if made is not None and public != made else [])

    @field_validator("node_port_names", "node_port_tag", "node_server_metadata", "node_port_ids")
    @classmethod
    def _one_way(cls, way: T, info: ValidationInfo) -> T:
        """Ports are found in one way; beside a list of ids a network would choose nothing."""
        ways = ["node_port_names", "node_port_tag", "node_server_metadata"]
        others = ["node_port_network", *ways] if info.field_name == "node_port_ids" else ways
        return sound(
            way,
            [
                f"{NAMESPACE}:{to_camel(other)} is set as well; keep one of the two"
                for other in others
                if way and info.data.get(other)
            ],
        )

    @field_validator("node_port_names", "node_port_ids")
    @classmethod
    def _one_port_a_node(cls, ports: list[str], info: ValidationInfo) -> list[str]:
        wrong = [f"{port} occurs more than once" for port in duplicates(ports)]
        nodes = None if info.data.get("nodes_from_cluster") else info.data.get("nodes")
        if ports and nodes:
            # A node may be listed with an address of each family.
            count = max(Counter(node.version for node in nodes).values())
            if len(ports) != count:
                what = "ids" if info.field_name == "node_port_ids" else "names"
                wrong.append(f"found {len(ports)} {what} for {count} nodes; wanted one for each node")
        return sound(ports, wrong)

    @field_validator("node_security_group")
    @classmethod
    def _group_needs_ports(cls, wanted: bool, info: ValidationInfo) -> bool:
        found = any(info.data.get(way) for way in PORT_WAYS)
        known = all(way in info.data for way in PORT_WAYS)
        ways = ", ".join(to_camel(way) for way in PORT_WAYS)
        return sound(
            wanted,
            [f"no ports to attach it to: set one of {ways}"] if wanted and known and not found else [],
        )


def pair_networks(settings: Settings) -> list[str]:
    """What the nodes' ports have to let pass: what is taken from the nodes, and the machine if asked for.

    A node hands packets for a pod on another node on. Without an overlay they leave it with the address of
    whoever sent them: the machine's, or one behind it.
    """
    machine = [*map(ip_network, settings.machine_addresses), *settings.machine_networks]
    networks = [network for name in NETWORK_LISTS for network in getattr(settings, name)]
    return [str(network) for network in (*networks, *(machine if settings.machine_pairs else []))]


KEYS = tuple(str(field.alias) for field in Settings.model_fields.values())
"""The keys of the settings without their namespace."""


def _key(place: str) -> str:
    """The key of a setting that pydantic calls by its key, or by its field when a default is wrong."""
    field = Settings.model_fields.get(place)
    return str(field.alias) if field else place


def read_settings(values: Mapping[str, str], where: Mapping[str, str] | None = None) -> Settings:
    """Settings out of configuration texts by key (without the namespace); an empty text is unset.

    `where` is the path of a key that does not stand plainly in the configuration.

    Raises:
        SettingsError: naming every key that is wrong, what was found and what would be right.
    """
    try:
        return Settings.model_validate({key: text for key, text in values.items() if text != ""})
    except ValidationError as error:
        lines = []
        for one in error.errors(include_url=False):
            key = _key(str(one["loc"][0]))
            key = f"{NAMESPACE}:{(where or {}).get(key, key)}"
            if one["type"] == "literal_error":
                message = f"found {one['input']!r}; wanted {one['ctx']['expected']}"
            else:
                message = one["msg"].removeprefix("Value error, ")
            lines += [f"  {key}: {line}" for line in message.split("\n")]
        raise SettingsError("\n".join(["the settings are wrong:", *lines])) from None

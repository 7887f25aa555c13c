"""The types of single settings: each turns a text into a value or says what was found and wanted.

Pure, and only about one value at a time; what two settings mean together is settings.py's, and keys are
ssh_keys.py's.
"""

import json
import re
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator

from components.networks import (
    IPAddress,
    IPNetwork,
    parse_address,
    parse_address6,
    parse_network,
    parse_network6,
)

# RFC 4893: four octets; 0 is reserved by RFC 7607.
LAST_AS_NUMBER = 4294967295
DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?")
# RFC 1123's subdomain, as Kubernetes and Calico name objects.
OBJECT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
# Also as a directory has it: `svc@corp.example.org`, `CORP\svc`. It begins like no option of a command line.
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@\\-]{0,127}")
# What cloud-init makes on a machine, by useradd's rules.
LOCAL_USER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
NAMESPACE = "calico-peering"

T = TypeVar("T")


def whole(least: int, most: int) -> BeforeValidator:
    def check(value: object) -> int:
        text = str(value).strip()
        if not re.fullmatch(r"-?\d{1,20}", text) or not least <= int(text) <= most:
            raise ValueError(f"found {text[:40]!r}; wanted a whole number from {least} to {most}")
        return int(text)

    return BeforeValidator(check)


def flag() -> BeforeValidator:
    def check(value: object) -> bool:
        text = str(value).strip().lower()
        if text not in ("true", "false"):
            raise ValueError(f"found {text[:40]!r}; wanted true or false")
        return text == "true"

    return BeforeValidator(check)


def tag() -> AfterValidator:
    def check(text: str | None) -> str | None:
        # Neutron's filter takes several tags with a comma between them.
        if text is not None and ("," in text or text != text.strip() or len(text) > 255):
            raise ValueError(f"found {text[:60]!r}; wanted one tag, without a comma")
        return text

    return AfterValidator(check)


def key_value() -> BeforeValidator:
    def check(value: object) -> tuple[str, str] | None:
        if value is None or isinstance(value, tuple):
            return value
        key, equals, wanted = str(value).partition("=")
        if not (key.strip() and equals and wanted.strip()):
            raise ValueError(f"found {str(value)[:60]!r}; wanted key=value, such as cluster=production")
        return key.strip(), wanted.strip()

    return BeforeValidator(check)


def matching(pattern: re.Pattern[str], wanted: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"found {text[:60]!r}; wanted {wanted}")
        return text

    return AfterValidator(check)


def needed(what: str) -> BeforeValidator:
    """Of a setting that no site can do without, and that nothing can be assumed for."""

    def check(value: object) -> object:
        if value is None:
            raise ValueError(f"found nothing; wanted {what}")
        return value

    return BeforeValidator(check)


def list_of(item: Callable[[object], Any]) -> BeforeValidator:
    def check(value: object) -> list[Any]:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                value = None
        if not isinstance(value, list):
            raise ValueError("wanted a list, one entry a line below the key, each after a dash")
        read, wrong = [], []
        for entry in value:
            try:
                read.append(item(entry))
            except ValueError as error:
                wrong.append(str(error))
        if wrong:
            raise ValueError("\n".join(wrong))
        return read

    return BeforeValidator(check)


def sound(value: T, wrong: list[str]) -> T:
    """The value, unless something is wrong: then a ValueError with a line for each."""
    if wrong:
        raise ValueError("\n".join(wrong))
    return value


AsNumber = Annotated[int, whole(1, LAST_AS_NUMBER)]
Address = Annotated[IPAddress, BeforeValidator(parse_address)]
Address6 = Annotated[IPv6Address, BeforeValidator(parse_address6)]
Network = Annotated[IPNetwork, BeforeValidator(parse_network)]
Network6 = Annotated[IPv6Network, BeforeValidator(parse_network6)]
Networks = Annotated[list[IPNetwork], list_of(parse_network)]

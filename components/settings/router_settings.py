"""The settings of BIRD, its sessions and the machine's kernel, a part of settings.py's.

Pure. What has to fit the networks and nodes is checked in settings.py. It deliberately does not hold
the sessions' password, which stays a Pulumi secret from beginning to end (session_password.py).
"""

import re
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from components.settings.machine_settings import MachineSettings
from components.settings.setting_types import LAST_AS_NUMBER, NAMESPACE, flag, list_of, matching, sound, whole

PACKAGE_VERSION = re.compile(r"[A-Za-z0-9.+:~-]{1,64}")
# A Linux interface's name is at most 15 octets; these are the ones that need no quoting anywhere.
INTERFACE = re.compile(r"[A-Za-z0-9_.-]{1,15}")
# BIRD's strings have no escapes, so what would end one or the line is refused.
DESCRIPTION = re.compile(r"[A-Za-z0-9 .,:;()/+=@_#-]{0,80}")
# TCP_MD5SIG takes 80 octets, and so does Calico's BGPPeer.
MOST_PASSWORD = 80
PASSWORD = re.compile(rf"[ !#-~]{{1,{MOST_PASSWORD}}}")
PREFIX_LENGTHS = re.compile(r"(\d{1,3})-(\d{1,3})")
# RFC 4724 has 12 bits for it.
MOST_RESTART_SECONDS = 4095
# Of the kernel's own tables; 254 is main, as 0 here.
LOCAL_TABLE = 255


class PrefixLengths(NamedTuple):
    """The shortest and the longest prefix that is taken."""

    shortest: int
    longest: int


def _prefix_lengths(bits: int) -> BeforeValidator:
    def check(value: object) -> PrefixLengths | None:
        if value is None or isinstance(value, PrefixLengths):
            return value
        found = PREFIX_LENGTHS.fullmatch(str(value).strip())
        if found:
            shortest, longest = int(found[1]), int(found[2])
            if shortest <= longest <= bits:
                return PrefixLengths(shortest, longest)
        raise ValueError(
            f"found {str(value)[:40]!r}; wanted the shortest and the longest length, such as"
            f" {'26-32' if bits == 32 else '122-128'}, at most {bits}"
        )

    return BeforeValidator(check)


Lengths = Annotated[PrefixLengths | None, _prefix_lengths(32)]
Lengths6 = Annotated[PrefixLengths | None, _prefix_lengths(128)]


def _sound_password(value: object) -> bool:
    """Whether there is one; what is wrong is told without telling anything of it."""
    if isinstance(value, bool):
        return value
    text = str(value)
    if not PASSWORD.fullmatch(text):
        raise ValueError(
            f"found one of {len(text)} characters; wanted 1 to {MOST_PASSWORD} printable ASCII characters"
            " without a double quote, which neither BIRD nor Calico's template for it can write down"
        )
    return True


class RouterSettings(MachineSettings):
    """What BIRD is and does; what each means and its default is told in Pulumi.yaml."""

    bird_version: Literal["1.6", "2", "3"] = "2"
    bird_package_version: Annotated[
        str | None, matching(PACKAGE_VERSION, "a package's version such as 2.0.12-7")
    ] = None
    bird_package_files: Annotated[list[str], list_of(str)] = Field(default=[])
    neighbors: Literal["range", "listed"] = Field(default="range", validate_default=True)
    description: Annotated[
        str, matching(DESCRIPTION, "at most 80 of: letters, digits, blanks and .,:;()/+=@_#-")
    ] = ""
    with_password: Annotated[bool, BeforeValidator(_sound_password)] = Field(
        default=False, alias="bgpPassword"
    )
    """Whether the sessions have a password, which itself is kept nowhere here."""
    ttl_security: Annotated[bool, flag()] = False
    hold_time: Annotated[int, whole(3, 65535)] = 9
    keepalive_time: Annotated[int, whole(1, 65535)] = 3
    graceful_restart: Annotated[bool, flag()] = True
    restart_time: Annotated[int, whole(1, MOST_RESTART_SECONDS)] = 120
    node_restart_time: Annotated[int, whole(1, MOST_RESTART_SECONDS)] = 5
    import_policy: Literal["expected", "all"] = "expected"
    import_limit: Annotated[int, whole(1, LAST_AS_NUMBER)] = 1000
    pod_prefix_lengths: Lengths = None
    pod_prefix_lengths6: Lengths6 = None
    service_prefix_lengths: Lengths = None
    service_prefix_lengths6: Lengths6 = None
    external_prefix_lengths: Lengths = None
    external_prefix_lengths6: Lengths6 = None
    load_balancer_prefix_lengths: Lengths = None
    load_balancer_prefix_lengths6: Lengths6 = None
    kernel_table: Annotated[int, whole(0, LAST_AS_NUMBER)] = 0
    kernel_metric: Annotated[int, whole(1, LAST_AS_NUMBER)] = 32
    vrf: Annotated[str, matching(INTERFACE, "the name of a VRF, at most 15 characters")] | None = None
    sysctls: Annotated[bool, flag()] = True

    @field_validator("keepalive_time")
    @classmethod
    def _three_in_a_hold_time(cls, seconds: int, info: ValidationInfo) -> int:
        hold = info.data.get("hold_time")
        wrong = hold is not None and seconds * 2 > hold
        # RFC 4271, 10: a third of the hold time; at half of it a single lost keepalive ends the session.
        return sound(
            seconds,
            [f"found {seconds}; wanted at most half of {NAMESPACE}:holdTime {hold}, best a third"]
            if wrong
            else [],
        )

    @field_validator("kernel_table")
    @classmethod
    def _a_table_for_routes(cls, table: int) -> int:
        wrong = f"found {table}, the kernel's table of local addresses; wanted 0 for main, or another one"
        return sound(table, [wrong] if table == LOCAL_TABLE else [])

    @field_validator("vrf")
    @classmethod
    def _vrf_has_a_table(cls, vrf: str | None, info: ValidationInfo) -> str | None:
        wrong = []
        if vrf and info.data.get("kernel_table") == 0:
            wrong.append(f"found {vrf!r} without its table: set {NAMESPACE}:kernelTable to its id")
        return sound(vrf, wrong)

    @field_validator("neighbors")
    @classmethod
    def _no_range_in_old_birds(cls, way: str, info: ValidationInfo) -> str:
        # Old BIRDs have no ranges, so there the default is the only way.
        return "listed" if info.data.get("bird_version") == "1.6" else way

    @field_validator("bird_package_files")
    @classmethod
    def _files_are_pinned_themselves(cls, files: list[str], info: ValidationInfo) -> list[str]:
        wrong = [
            f"found {name[:60]!r}; wanted the path of a .deb or .rpm file beside the program"
            for name in files
            if not name.endswith((".deb", ".rpm"))
        ]
        if files and info.data.get("bird_package_version"):
            wrong.append(f"{NAMESPACE}:birdPackageVersion is set as well; keep one of the two")
        return sound(files, wrong)

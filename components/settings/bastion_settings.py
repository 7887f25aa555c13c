"""The settings of a bastion host, by way of which the machine's sshd is reached; a part of settings.py's.

Pure. The login's key on the bastion stays a Pulumi secret from beginning to end; here is only whether there
is one.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from components.machine.ssh_keys import public_half, public_key
from components.settings.setting_types import HOST, NAMESPACE, USER, matching, sound, whole


def _is_a_key(private: object) -> bool:
    if private:
        public_half(str(private))
    return bool(private)


class BastionSettings(BaseModel):
    """Without a host there is no bastion, and none of the others may be set."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, hide_input_in_errors=True)

    ssh_bastion_host: Annotated[str, matching(HOST, "an address or a host name")] | None = None
    ssh_bastion_port: Annotated[int, whole(1, 65535)] = 22
    ssh_bastion_user: Annotated[str, matching(USER, "a login name such as debian")] = "root"
    ssh_bastion_host_key: str | None = Field(default=None, validate_default=True)
    with_bastion_key: Annotated[bool, BeforeValidator(_is_a_key)] = Field(
        default=False, alias="sshBastionPrivateKey"
    )
    """Whether the bastion has a login key of its own, which itself is kept nowhere here."""

    @field_validator("ssh_bastion_host_key")
    @classmethod
    def _bastion_verified(cls, text: str | None, info: ValidationInfo) -> str | None:
        # Absent when it is wrong itself, which is told there.
        if info.data.get("ssh_bastion_host") is None:
            return sound(text, _without_host(text, info))
        return public_key(text or "")

    @field_validator("with_bastion_key")
    @classmethod
    def _bastion_to_log_in_to(cls, given: bool, info: ValidationInfo) -> bool:
        return sound(given, _without_host(given, info) if not info.data.get("ssh_bastion_host") else [])


def _without_host(value: object, info: ValidationInfo) -> list[str]:
    known = "ssh_bastion_host" in info.data
    lacking = f"there is no bastion: set {NAMESPACE}:sshBastionHost, or unset this"
    return [lacking] if value and known else []

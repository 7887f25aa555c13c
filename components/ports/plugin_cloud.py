"""What pulumi-openstack is given so that it logs in as the program does, and asks the same endpoints.

Two libraries read one configuration by two rules: openstacksdk for the program, gophercloud for the plugin.
The answer is openstacksdk's. The plugin is given the name of the entry where that comes to the same, with
what is no secret beside it where it needs that; and everything, the password as a secret of the state, where
it cannot read the entry. What it cannot be given at all is an error before anything is written. Decision 68.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from openstack.config.cloud_region import CloudRegion

from components.ports.gophercloud_files import UnreadableError
from components.ports.gophercloud_login import Arguments, read_login, variables
from components.ports.openstack_login import Login, endpoint_overrides, entry, login, place
from components.shared.provider_errors import ProviderError

SECRET_ARGUMENTS = frozenset({"password", "token", "application_credential_secret"})
CONNECTION = {
    "region": "region",
    "interface": "endpoint_type",
    "verify": "insecure",
    "cacert": "cacert_file",
    "cert": "cert",
    "key": "key",
}
"""A login's fields that are no secret, and the argument for each."""


@dataclass(frozen=True)
class PluginCloud:
    """`arguments` for the class Provider, and why there is a secret among them, or nothing."""

    arguments: Arguments
    warning: str = ""


def plugin_cloud(cloud: CloudRegion, environment: Mapping[str, str] | None = None) -> PluginCloud:
    """What to give the plugin for the cloud of a connection (`connection.config`).

    `environment`: the plugin's, which is the engine's. Default: this process's.

    Raises ProviderError, with what to change where, when nothing makes it log in as the program does.
    """
    environment = os.environ if environment is None else environment
    wanted, name = login(cloud), entry(cloud)
    named: Arguments = {"cloud": name} if name else {}
    reason = ""
    for start in (named, _explicit(wanted)):
        arguments, fault = _completed(start, wanted, environment)
        if not fault:
            if overrides := endpoint_overrides(cloud):
                arguments = {**arguments, "endpoint_overrides": overrides}
            return PluginCloud(arguments, _warning(cloud, reason) if reason else "")
        reason = reason or fault
    raise ProviderError(_refusal(cloud, wanted, environment, fault))


def _completed(arguments: Arguments, wanted: Login, environment: Mapping[str, str]) -> tuple[Arguments, str]:
    """The arguments with what is needed beside them, and what is still another login with them."""
    # A region may bring other files with it, and with `insecure` no file counts: each is looked at again.
    for last in (False, False, False, True):
        try:
            found = read_login(arguments, environment)
        except UnreadableError as error:
            found, fault = None, str(error)
        differing = [
            one.name
            for one in fields(Login)
            if found and getattr(found, one.name) != getattr(wanted, one.name)
        ]
        if found and not differing:
            return arguments, ""
        if found:
            fault = f"it would take another {_called(differing[0])}"
        if last or not {*differing} & CONNECTION.keys():
            break
        more = {CONNECTION[one]: getattr(wanted, one) for one in differing if one in CONNECTION}
        if "insecure" in more:
            more["insecure"] = not more["insecure"]
            more.pop("cacert_file", None)
        arguments = {**arguments, **more}
    return arguments, fault


def _called(field: str) -> str:
    return {"auth_url": "auth_url", "identity": "user or password", "scope": "project"}.get(field, field)


def _explicit(wanted: Login) -> Arguments:
    """Everything that says who logs in, as arguments."""
    # Empty: neither OS_CLOUD nor the domain `default` comes in by itself.
    made: dict[str, str | bool] = {"cloud": "", "default_domain": "", "auth_url": wanted.auth_url}
    method = wanted.identity["methods"][0]
    of_method = wanted.identity[method]
    if method == "token":
        made["token"] = of_method["id"]
    elif method == "application_credential":
        made |= {f"application_credential_{key}": value for key, value in of_method.items() if key != "user"}
    if user := of_method.get("user"):
        made |= _who(user, "user_id", "user_name", "user_domain")
        made |= {"password": user["password"]} if "password" in user else {}
    for kind, of in (wanted.scope or {}).items():
        if kind == "system":
            made["system_scope"] = True
        elif kind == "domain":
            made |= _who(of, "domain_id", "domain_name", "")
        else:
            made |= _who(of, "tenant_id", "tenant_name", "project_domain")
    return made


def _who(of: Mapping[str, object], id_: str, name: str, domain: str) -> dict[str, str | bool]:
    made = {argument: str(of[key]) for key, argument in (("id", id_), ("name", name)) if of.get(key)}
    its_domain = of.get("domain")
    assert its_domain is None or isinstance(its_domain, dict)
    return {**made, **{f"{domain}_{key}": str(value) for key, value in (its_domain or {}).items()}}


def _warning(cloud: CloudRegion, reason: str) -> str:
    return (
        f"pulumi-openstack cannot read {place(cloud)} as openstacksdk does ({reason}), so it is given its"
        " contents, and the stack's state holds the password there, encrypted; see docs/openstack.md"
    )


def _refusal(cloud: CloudRegion, wanted: Login, environment: Mapping[str, str], fault: str) -> str:
    name = entry(cloud)
    culprits = _culprits(cloud, wanted, environment)
    if not culprits:
        return (
            f"pulumi-openstack, which makes nodeSecurityGroup and a machine with machineImage, cannot be"
            f" given {place(cloud)}: {fault}; write it out in one entry of clouds.yaml, with auth_url, user,"
            " project and domains"
        )
    them = " and ".join(culprits)
    cure = f"unset {them}"
    if name and "OS_CLOUD" in culprits:
        cure += f", and set calico-peering:cloud to {name}"
    return (
        "pulumi-openstack, which makes nodeSecurityGroup and a machine with machineImage, would not log in by"
        f" {place(cloud)} as openstacksdk does: it fills in {them} of the environment ({fault}); {cure}"
    )


def _culprits(cloud: CloudRegion, wanted: Login, environment: Mapping[str, str]) -> list[str]:
    """The variables without which the plugin would log in as it should."""
    there = [one for one in variables() if environment.get(one)]

    def works(hidden: list[str]) -> bool:
        rest = {key: value for key, value in environment.items() if key not in hidden}
        return not _completed(_explicit(wanted), wanted, rest)[1]

    if not works(there):
        return []
    for one in there:
        fewer = [other for other in there if other != one]
        if works(fewer):
            there = fewer
    return there

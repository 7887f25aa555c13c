"""The entries of clouds.yaml and the files beside it, as pulumi-openstack's plugin reads them.

Its rules, not openstacksdk's: gophercloud/utils, openstack/clientconfig (requests.go `GetCloudFromYAML`,
utils.go, results.go), yaml.v3. Of a file it knows these fields only, and a wrong type anywhere makes the
whole file unreadable. Who logs in with an entry is gophercloud_login.py's.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

Entry = dict[str, Any]
"""Texts by field, `auth` a mapping of them, `verify` a bool, `regions` a list of `name` and `values`."""

AUTH = frozenset(
    "auth_url token username user_id password application_credential_id application_credential_name"
    " application_credential_secret system_scope project_name project_id user_domain_name user_domain_id"
    " project_domain_name project_domain_id domain_name domain_id default_domain".split()
)
TEXTS = frozenset(
    "cloud profile auth_type region_name endpoint_type interface identity_api_version volume_api_version"
    " cacert cert key".split()
)
TRUE = ("true", "yes", "on", "y")
FALSE = ("false", "no", "off", "n")


class UnreadableError(Exception):
    """Why the plugin would fail, without anything secret."""


def find_entry(name: str, region: str, environment: Mapping[str, str]) -> Entry:
    """One entry, with its profile and secure.yaml merged in, and the values of a region that is given.

    Raises UnreadableError.
    """
    clouds = _clouds("clouds", "clouds", environment)
    if clouds is None:
        raise UnreadableError("it finds no clouds.yaml")
    if name not in clouds:
        raise UnreadableError(f"its clouds.yaml has no {name!r}")
    cloud = clouds[name]
    if profile := cloud.get("profile") or cloud.get("cloud"):
        public = _clouds("clouds-public", "public-clouds", environment) or {}
        if profile not in public:
            raise UnreadableError(f"it knows no profile {profile!r}, since no clouds-public.yaml has it")
        cloud = _merged(cloud, public[profile])
    cloud = _merged((_clouds("secure", "clouds", environment) or {}).get(name, {}), cloud)
    cloud = {"verify": True, **cloud}
    for one in cloud.get("regions", ()):
        if region and one["name"] == region:
            cloud = _merged(one["values"], cloud)
            break
    return cloud


def home() -> str:
    """Of the user, as /etc/passwd has it: `~` to the plugin, whatever HOME says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _clouds(file: str, section: str, environment: Mapping[str, str]) -> dict[str, Entry] | None:
    """Every entry of the first such file, None without one; OS_CLIENT_SECURE_FILE is not looked at."""
    chosen = environment.get("OS_CLIENT_CONFIG_FILE", "") if file == "clouds" else ""
    folders = [os.getcwd(), os.path.join(home(), ".config/openstack"), "/etc/openstack"]
    paths = [os.path.join(folder, f"{file}.{end}") for end in ("yaml", "yml") for folder in folders]
    for path in filter(os.path.exists, [*([chosen] if chosen else []), *paths]):
        try:
            content = yaml.load(Path(path).read_bytes(), _Texts)
            found = _mapping(content if content is not None else {}).get(section)
            return {str(name): _entry(one) for name, one in _mapping(found).items()}
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise UnreadableError(f"it cannot read {path} ({type(error).__name__})") from error
    return None


class _Texts(yaml.SafeLoader):
    """All scalars but null stay texts, since that is what fields of texts are filled with."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) != len({*keys}):
            raise ValueError("a key is there twice")
        return super().construct_mapping(node, deep)


_Texts.yaml_implicit_resolvers = {
    first: [one for one in all_ if one[0].endswith((":null", ":merge"))]
    for first, all_ in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _entry(found: Any) -> Entry:
    made: Entry = {}
    for key, value in _mapping(found).items():
        if key in TEXTS:
            made[key] = _text(value)
        elif key == "auth" and value is not None:
            made[key] = {name: _text(of) for name, of in _mapping(value).items() if name in AUTH}
        elif key == "verify" and value is not None:
            if _text(value).lower() not in (*TRUE, *FALSE):
                raise ValueError("verify is no bool")
            made[key] = value.lower() in TRUE
        elif key == "regions":
            made[key] = [_region(one) for one in _list(value)]
    # What is empty says nothing.
    return {key: value for key, value in made.items() if value or value is False or key == "auth"}


def _region(found: Any) -> Entry:
    if isinstance(found, dict):
        return {"name": _text(found.get("name")), "values": _entry(found.get("values"))}
    return {"name": _text(found), "values": {}}


def _mapping(value: Any) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("no mapping")
    return value


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _merged(over: Any, under: Any) -> Any:
    """`mergeInterfaces`: what is empty, False too, gives way, and lists are put one behind the other."""
    if isinstance(over, dict) and isinstance(under, dict):
        return {**under, **{key: _merged(value, under.get(key)) for key, value in over.items()}}
    if isinstance(over, list) and isinstance(under, list):
        return [*over, *under]
    return over if over or under is None else under

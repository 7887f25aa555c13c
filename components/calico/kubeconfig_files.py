"""Kubeconfig files read and merged: for each name the entry of the first file that has it.

The rules are those of client-go's clientcmd (loader.go: `Load`; api/v1/conversion.go for a name that is there
twice). No error holds anything of a file but names: a kubeconfig has credentials in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from components.shared.provider_errors import ProviderError

Named = dict[str, tuple[Mapping[str, Any], str]]
"""By name, an entry and the file in which it stands."""
KINDS = {"clusters": "cluster", "users": "user", "contexts": "context"}
# libyaml's, where there is one: a kubeconfig of many clusters takes seconds otherwise.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TEXTS = frozenset(
    "server certificate-authority certificate-authority-data tls-server-name proxy-url client-certificate"
    " client-certificate-data client-key client-key-data token tokenFile username password as as-uid cluster"
    " user namespace".split()
)
"""The fields that are texts, of any of the three kinds."""


@dataclass
class Entries:
    """What a list of files says together."""

    files: list[str] = field(default_factory=list)
    """Those that were there."""
    clusters: Named = field(default_factory=dict)
    users: Named = field(default_factory=dict)
    contexts: Named = field(default_factory=dict)
    current_context: str = ""


def read_file(path: str) -> dict[str, Any] | None:
    """A file's content; None when it is not there. Raises ProviderError when it is no kubeconfig."""
    try:
        with open(path, encoding="utf-8") as file:
            read = yaml.load(file, LOADER)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        raise ProviderError(f"the kubeconfig {path} cannot be read: {why}") from error
    except yaml.MarkedYAMLError as error:
        # Not its own words, which hold the line.
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _wrong(path, f"is no YAML{line}") from None
    except (yaml.YAMLError, ValueError):
        raise _wrong(path, "is no YAML text") from None
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise _wrong(path, f"is a {type(read).__name__}, expected a mapping")
    if read.get("kind", "Config") != "Config" or read.get("apiVersion", "v1") != "v1":
        raise _wrong(path, "has another kind or apiVersion, expected `kind: Config` and `apiVersion: v1`")
    return read


def merge_files(files: Sequence[tuple[str, Mapping[str, Any]]]) -> Entries:
    """What the files, each with its path, say together. Raises ProviderError for entries of another shape."""
    found = Entries([path for path, _ in files])
    for path, read in files:
        current = read.get("current-context") or ""
        if not isinstance(current, str):
            raise _wrong(path, "has a current-context that is no text: put it in quotes")
        found.current_context = found.current_context or current
        for kind in KINDS:
            named: Named = getattr(found, kind)
            for name, entry in _entries(path, read, kind).items():
                named.setdefault(name, (entry, path))
    return found


def _entries(path: str, read: Mapping[str, Any], kind: str) -> dict[str, Mapping[str, Any]]:
    """A file's entries of a kind by name."""
    listed, key = read.get(kind) or [], KINDS[kind]
    if not isinstance(listed, list):
        raise _wrong(path, f"has {kind} that are no list")
    entries: dict[str, Mapping[str, Any]] = {}
    for place, item in enumerate(listed):
        name = item.get("name", "") if isinstance(item, dict) else None
        entry = (item.get(key) or {}) if isinstance(item, dict) else None
        if not isinstance(name, str) or not isinstance(entry, dict):
            raise _wrong(path, f"has in {kind}[{place}] no `name` that is a text with a mapping `{key}`")
        if name in entries:
            raise _wrong(path, f"has {name!r} twice in {kind}: remove one")
        if wrong := [f for f in TEXTS & entry.keys() if not isinstance(entry[f], str | None)]:
            raise _wrong(path, f"has in {kind} {name!r} a {wrong[0]} that is no text: put it in quotes")
        if not isinstance(entry.get("exec") or {}, dict):
            raise _wrong(path, f"has in {kind} {name!r} an exec that is no mapping")
        entries[name] = entry
    return entries


def _wrong(path: str, what: str) -> ProviderError:
    return ProviderError(
        f"the kubeconfig {path} {what}. Check it with `kubectl config view --kubeconfig {path}`"
    )

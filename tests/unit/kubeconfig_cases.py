"""The shape of a case of kubeconfig_table.py: kubeconfigs, an environment and settings, and what they mean.

In texts, $A and $B are the clusters' servers and $HERE the folder; see recording_servers.py.
"""

import base64
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.recording_servers import Servers

Document = dict[str, Any]
PLUGIN = """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",'
echo '"status": {"token": "'"$WORD"'"}}'
"""


def entry(cluster: str, user: Mapping[str, Any], **more: Any) -> tuple[Document, Mapping[str, Any]]:
    """A cluster's entry, `$A` or `$B` its server, and a user's."""
    return {"server": cluster, "certificate-authority": "$HERE/ca.crt", **more}, user


def document(current: str | None, **entries: tuple[Document, Mapping[str, Any]]) -> str:
    """A kubeconfig whose contexts, clusters and users have the entries' names."""
    content: Document = {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    if current is not None:
        content["current-context"] = current
    content["clusters"] = [{"name": name, "cluster": cluster} for name, (cluster, _) in entries.items()]
    content["users"] = [{"name": name, "user": user} for name, (_, user) in entries.items()]
    content["contexts"] = [{"name": name, "context": {"cluster": name, "user": name}} for name in entries]
    return json.dumps(content)


def token(word: str) -> Document:
    return {"token": word}


def plugin(command: str = "plugin", **more: Any) -> Document:
    """A user with an exec plugin, which answers with the token `plugged`."""
    version = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    return {"exec": {"command": command, **version, "env": [{"name": "WORD", "value": "plugged"}], **more}}


A, B = document("a", a=entry("$A", token("ta"))), document("b", b=entry("$B", token("tb")))
ALICE = {"client-certificate": "$HERE/alice.crt", "client-key": "$HERE/alice.key"}
RELATIVE = document(
    "a",
    a=(
        {"server": "$A", "certificate-authority": "pki/ca.crt"},
        {"client-certificate": "pki/alice.crt", "client-key": "./pki/alice.key"},
    ),
)
PKI = {
    "there/pki/ca.crt": "@ca.crt",
    "there/pki/alice.crt": "@alice.crt",
    "there/pki/alice.key": "@alice.key",
}
BY_NAME = document("a", a=entry("https://a.test:$PORT_A", token("ta")))


@dataclass(frozen=True)
class Case:
    """What is there, and what comes of it."""

    rule: str
    """Of client-go, or why we differ."""
    files: Mapping[str, str]
    """By path in $HERE; `@name` is a copy of that file."""
    expected: tuple[str, str]
    """The cluster, and how somebody logs in there."""
    KUBECONFIG: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    proxied: bool = False


def write(case: Case, servers: Servers) -> dict[str, str]:
    """Write the case's files, in the place of another one's; the environment in which they are read."""
    here = servers.folder
    for path in here.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix not in (".crt", ".key"):
            path.unlink()
    (here / "home").mkdir(exist_ok=True)
    for name, text in case.files.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (here / text[1:]).read_text() if text.startswith("@") else servers.fill_in(text)
        for file in ("ca.crt", "alice.crt", "alice.key"):
            text = text.replace(f"%{file}", base64.b64encode((here / file).read_bytes()).decode())
        path.write_text(text)
        path.chmod(0o700 if text.startswith("#!") else 0o600)
    environment = {"HOME": str(here / "home"), "PATH": f"{here / 'bin'}:/usr/bin:/bin"}
    if case.KUBECONFIG is not None:
        environment["KUBECONFIG"] = case.KUBECONFIG
    return {name: servers.fill_in(value) for name, value in {**environment, **case.environment}.items()}

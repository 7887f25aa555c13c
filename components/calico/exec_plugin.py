"""Credentials from a kubeconfig's `exec` plugin (`aws`, `kubelogin`, `gke-gcloud-auth-plugin`).

Sources: client-go's plugin/pkg/client/auth/exec (exec.go), and the Kubernetes manual, "client-go credential
plugins". The Python client's own runner only logs what fails, and runs the plugin in another folder than
kubectl. An answer is kept until it expires: a run asks for its cluster many times, and a login takes a while.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from components.calico.kube_login import AuthenticationError
from components.shared.provider_errors import ProviderError

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
SECONDS = 120
"""That a plugin may take: somebody may have to confirm a login in a browser."""
EARLY = timedelta(seconds=30)
"""Before its end an answer counts as expired, so that a request does not meet it."""

_answers: dict[str, ExecCredential] = {}
_running = threading.Lock()
_SECRET = re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*|[A-Za-z0-9+_=~-]{32,}|(?<=[Bb]earer )\S+")


@dataclass(frozen=True)
class ExecCredential:
    """What a plugin answered: a token, or a certificate with its key, both PEM, or all."""

    token: str = field(default="", repr=False)
    certificate: str = ""
    key: str = field(default="", repr=False)
    expires: datetime | None = None

    @property
    def expired(self) -> bool:
        """Whether the plugin has to be asked again."""
        return self.expires is not None and datetime.now(UTC) + EARLY >= self.expires


def check_plugin(plugin: Mapping[str, Any], who: str) -> None:
    """Raise ProviderError unless the entry `exec` is one that client-go accepts."""
    version, mode = plugin.get("apiVersion"), plugin.get("interactiveMode")
    if not isinstance(plugin.get("command"), str) or not plugin["command"]:
        raise ProviderError(f"{who} has an exec plugin without a command: expected the plugin's program")
    if version not in VERSIONS:
        raise ProviderError(
            f"{who} has the exec plugin {plugin['command']} with apiVersion {version!r}: expected one of"
            f" {', '.join(VERSIONS)}. Let the plugin's own tool write the kubeconfig anew"
        )
    if mode not in ("Never", "IfAvailable", *([None] if version == VERSIONS[1] else [])):
        raise ProviderError(
            f"{who} has the exec plugin {plugin['command']} with interactiveMode {mode!r}: expected Never or"
            " IfAvailable, since `pulumi` gives it no terminal"
        )


def run_plugin(plugin: Mapping[str, Any], cluster: Mapping[str, Any], who: str) -> ExecCredential:
    """The plugin's answer for a user, described as `who`. Raises ProviderError, without the answer."""
    check_plugin(plugin, who)
    key = json.dumps([plugin, cluster], sort_keys=True, default=str)
    with _running:
        if key not in _answers or _answers[key].expired:
            _answers[key] = _run(plugin, cluster, who)
        return _answers[key]


def _run(plugin: Mapping[str, Any], cluster: Mapping[str, Any], who: str) -> ExecCredential:
    command, version = str(plugin["command"]), str(plugin["apiVersion"])
    named = f"the exec plugin {command} of {who}"
    arguments = [command, *map(str, plugin.get("args") or [])]
    given = {str(entry["name"]): str(entry.get("value", "")) for entry in plugin.get("env") or []}
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = _cluster(cluster)
    info = {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
    environment = {**os.environ, **given, "KUBERNETES_EXEC_INFO": json.dumps(info)}
    try:
        done = subprocess.run(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        hint = " ".join(str(plugin.get("installHint") or "").split())
        raise AuthenticationError(
            f"authentication failed: {named} is not installed{'' if os.sep in command else ' (not in PATH)'}."
            f" Install it where `pulumi` runs, or use another user{f'. Its own hint: {hint}' if hint else ''}"
        ) from None
    except subprocess.TimeoutExpired:
        raise AuthenticationError(
            f"authentication failed: {named} did not answer within {SECONDS} s. Run it by hand, and log in"
        ) from None
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        raise AuthenticationError(f"authentication failed: {named} cannot be run: {why}") from None
    if done.returncode != 0:
        line = last_line(done.stderr.decode(errors="replace"), given.values())
        raise AuthenticationError(
            f"authentication failed: {named} ended with {done.returncode}: {line}. Run it by hand, and log in"
        )
    return _parsed(done.stdout, version, named)


def last_line(text: str, secrets: Any = ()) -> str:
    """The last line of what a plugin printed, without what may be a token or a value of its environment."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    line = "".join(letter for letter in lines[-1] if letter.isprintable())[:300]
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "[…]") if len(secret) > 3 else line
    return _SECRET.sub("[…]", line).rstrip(".")


def _parsed(printed: bytes, version: str, named: str) -> ExecCredential:
    wrong = f"authentication failed: {named} answered {{}}. Run it by hand: it has to print an ExecCredential"
    try:
        answer = json.loads(printed)
        its_version, status = answer["apiVersion"], answer["status"]
        token, certificate, key = (
            str(status.get(name) or "") for name in ("token", "clientCertificateData", "clientKeyData")
        )
        end = status.get("expirationTimestamp")
        expires = datetime.fromisoformat(str(end)) if end else None
        expires = expires.replace(tzinfo=expires.tzinfo or UTC) if expires else None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise AuthenticationError(
            wrong.format("something else than an ExecCredential with a status")
        ) from None
    if its_version != version:
        raise AuthenticationError(
            wrong.format(f"apiVersion {its_version!r}, expected {version!r} as in its entry")
        )
    if bool(certificate) != bool(key):
        raise AuthenticationError(wrong.format("a client certificate or a key, expected both"))
    if not (token or certificate):
        raise AuthenticationError(wrong.format("neither a token nor a client certificate"))
    return ExecCredential(token, certificate, key, expires)


def _cluster(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """What a plugin is told about the cluster: `ExecCredential.spec.cluster`."""
    names = ("server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression")
    told = {name: cluster[name] for name in (*names, "certificate-authority-data") if cluster.get(name)}
    if path := cluster.get("certificate-authority"):
        told["certificate-authority-data"] = base64.b64encode(Path(path).read_bytes()).decode()
    for extension in cluster.get("extensions") or []:
        if isinstance(extension, dict) and extension.get("name") == f"{GROUP}/exec":
            told["config"] = extension.get("extension")
    return told

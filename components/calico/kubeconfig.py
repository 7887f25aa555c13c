"""Which cluster is meant and who asks: the kubeconfig, resolved once by kubectl's rules.

No Pulumi and no connection here. The rules are client-go's (tools/clientcmd: loader.go, client_config.go,
validation.go), which kubectl and pulumi-kubernetes share; where client-go would go on without a user or a
cluster, an error names what is missing. It deliberately writes nothing, and no error holds a file's content.
What pulumi-kubernetes is given is in plugin_kubeconfig.py; the credentials are read in kube_credentials.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components.calico.kubeconfig_files import Entries, merge_files, read_file
from components.shared.provider_errors import ProviderError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SETTINGS = "calico-peering:kubeconfig and calico-peering:kubeContext"
CLUSTER_PATHS = ("certificate-authority",)
USER_PATHS = ("client-certificate", "client-key", "tokenFile")
CONTENT = (
    "holds the content of a kubeconfig, expected {}: write it to a file that only you can read (mode 0600),"
    " and name that"
)


@dataclass(frozen=True)
class KubeAccess:
    """A cluster and its user, as one context names them. Every path is absolute."""

    cluster: Mapping[str, Any]
    """The cluster's entry: `server` and so on."""
    user: Mapping[str, Any] = field(repr=False)
    """The user's entry, with credentials in it."""
    place: str
    """For messages: where this is written down."""
    names: tuple[str, str, str] = ("", "", "")
    """Of context, cluster and user; empty in a pod."""
    needs_copy: bool = False
    """Whether who reads this one file as a text, in another folder, would find something else or nothing."""

    @property
    def in_pod(self) -> bool:
        """Whether this is the service account of the pod in which we run."""
        return not any(self.names)

    @property
    def who(self) -> str:
        """The user, for messages."""
        if self.in_pod:
            return "the service account of this pod"
        context, _, user = self.names
        return f"user {user!r} of {self.place} (context {context!r})"


def resolve(kubeconfig: str | None = None, context: str | None = None) -> KubeAccess:
    """The cluster and user that the settings and the environment mean.

    Args:
        kubeconfig: a path, with `~` by $HOME. None: the paths in $KUBECONFIG, else ~/.kube/config, else in a
            pod its service account.
        context: None is the current one.

    Raises:
        ProviderError: when a file cannot be read, or context, cluster or user are missing.
    """
    paths = [explicit_path(kubeconfig)] if kubeconfig else ambient_paths()
    found = merge_files([(path, read) for path in paths if (read := read_file(path)) is not None])
    place = _place(kubeconfig, paths, found)
    name = context or found.current_context
    if not name:
        if not kubeconfig and (pod := _service_account()):
            return pod
        raise ProviderError(_no_context(kubeconfig, paths, place, found))
    if not found.files:
        raise ProviderError(_no_context(kubeconfig, paths, place, found))
    if name not in found.contexts:
        raise ProviderError(
            f"{place} has no context {name!r}, which "
            + ("calico-peering:kubeContext asks for" if context else "its current-context names")
            + f": expected one of {_listed(found.contexts)}. Set calico-peering:kubeContext, or see `kubectl"
            " config get-contexts`"
        )
    access = _of_context(name, found)
    # client-go refuses it in a text, and overlooks it in a file when another context is asked for.
    dangling = bool(found.current_context) and found.current_context not in found.contexts
    return replace(access, needs_copy=access.needs_copy or dangling)


def explicit_path(kubeconfig: str) -> str:
    """The absolute path of the setting `kubeconfig`. Raises ProviderError when it names no file."""
    if _is_content(kubeconfig):
        raise ProviderError(f"calico-peering:kubeconfig {CONTENT.format('a path')}")
    path = os.path.abspath(os.path.expanduser(kubeconfig))
    if not os.path.exists(path):
        raise ProviderError(
            f"the kubeconfig {path} does not exist: check calico-peering:kubeconfig ({kubeconfig}) and HOME"
        )
    return path


def ambient_paths() -> list[str]:
    """The kubeconfigs of the environment, in client-go's order. Raises ProviderError for content."""
    listed = os.environ.get("KUBECONFIG", "")
    if _is_content(listed):
        raise ProviderError(f"the environment's KUBECONFIG {CONTENT.format('paths, separated by a colon')}")
    if listed:
        return [path for path in dict.fromkeys(listed.split(os.pathsep)) if path]
    return [os.path.join(os.environ.get("HOME", ""), ".kube", "config")]


def _is_content(text: str) -> bool:
    return "\n" in text or text.lstrip().startswith(("{", "apiVersion:"))


def _service_account() -> KubeAccess | None:
    """The pod's, if this is one: client-go's `inClusterClientConfig.Possible` and `rest.InClusterConfig`."""
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    token, authority = SERVICE_ACCOUNT / "token", SERVICE_ACCOUNT / "ca.crt"
    if not (host and port and token.is_file()):
        return None
    cluster = {"server": f"https://{f'[{host}]' if ':' in host else host}:{port}"}
    if authority.is_file():
        cluster["certificate-authority"] = str(authority)
    return KubeAccess(cluster, {"tokenFile": str(token)}, str(SERVICE_ACCOUNT))


def _of_context(name: str, found: Entries) -> KubeAccess:
    context, file = found.contexts[name]
    cluster_name, user_name = (str(context.get(key) or "") for key in ("cluster", "user"))
    where = f"context {name!r} of {file}"
    for kind, wanted, entries in (
        ("cluster", cluster_name, found.clusters),
        ("user", user_name, found.users),
    ):
        if not wanted and (kind == "cluster" or _needs_user(cluster_name, found)):
            raise ProviderError(
                f"{where} names no {kind}: expected one of {_listed(entries)}. Set it with `kubectl config"
                f" set-context {name} --{kind}=…`, or set calico-peering:kubeContext to another context"
            )
        if wanted and wanted not in entries:
            raise ProviderError(
                f"{where} names the {kind} {wanted!r}, which is in no kubeconfig that was read: expected one"
                f" of {_listed(entries)}. Add its entry, or set calico-peering:kubeContext to another context"
            )
    cluster, cluster_file = found.clusters[cluster_name]
    user, user_file = found.users.get(user_name, ({}, file))
    cluster, cluster_moved = _absolute(cluster, CLUSTER_PATHS, cluster_file)
    user, user_moved = _absolute(user, USER_PATHS, user_file)
    plugin = user.get("exec") or {}
    # Only a command with a slash is a path; another is looked for in $PATH.
    if os.sep in str(plugin.get("command") or ""):
        plugin, plugin_moved = _absolute(plugin, ("command",), user_file)
        user, user_moved = {**user, "exec": plugin}, user_moved or plugin_moved
    place = os.path.abspath(user_file)
    return KubeAccess(cluster, user, place, (name, cluster_name, user_name), cluster_moved or user_moved)


def _needs_user(cluster: str, found: Entries) -> bool:
    """Credentials are for TLS only: whoever speaks http (`kubectl proxy`) needs none."""
    entry, _ = found.clusters.get(cluster, ({}, ""))
    return not str(entry.get("server") or "").startswith("http://")


def _absolute(entry: Mapping[str, Any], keys: Sequence[str], file: str) -> tuple[dict[str, Any], bool]:
    """The entry with its paths relative to the file in which it stands; whether there was such a path."""
    base = os.path.dirname(os.path.abspath(file))
    changed = {
        key: os.path.normpath(os.path.join(base, value))
        for key in keys
        if (value := entry.get(key)) and not os.path.isabs(value)
    }
    return {**entry, **changed}, bool(changed)


def _place(kubeconfig: str | None, paths: Sequence[str], found: Entries) -> str:
    read = [os.path.abspath(path) for path in (found.files or paths)]
    if kubeconfig or not os.environ.get("KUBECONFIG"):
        return f"the kubeconfig {read[0]}"
    return f"the kubeconfig of KUBECONFIG ({', '.join(read) or 'which names no file'})"


def _no_context(kubeconfig: str | None, paths: Sequence[str], place: str, found: Entries) -> str:
    if not found.files:
        looked = ", ".join(os.path.abspath(path) for path in paths) or "KUBECONFIG, which names no file"
        tilde = "; `~` is not expanded in KUBECONFIG" if any(path.startswith("~") for path in paths) else ""
        where = f"no kubeconfig was found: looked at {looked}{tilde}"
        if _service_account():
            return (
                f"{where}. To use this pod's service account, leave calico-peering:kubeContext empty: it has"
                " no contexts"
            )
        return (
            f"{where}, and this is no pod with a service account. Set calico-peering:kubeconfig or KUBECONFIG"
            " to its path"
        )
    if not (found.contexts or found.clusters or found.users):
        return f"{place} is empty: expected clusters, users and contexts. Check {SETTINGS}, and KUBECONFIG"
    return (
        f"{place} has no current-context: expected one of {_listed(found.contexts)}. Set"
        " calico-peering:kubeContext, or run `kubectl config use-context …`"
    )


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(map(repr, list(names)[:20])) or "none, for there is none"

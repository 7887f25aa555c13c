"""What pulumi-kubernetes is given so that it speaks with the cluster and user that kubeconfig.py found.

Its property `kubeconfig` is the path or the *content* of one file (provider/pkg/provider/util.go,
`parseKubeconfigString`): `~` is the home of /etc/passwd there, paths in the file are relative to the working
directory, and the SDK fills in $KUBECONFIG where nothing is given. With an empty text its plugin reads the
environment by client-go itself (provider.go, `Configure`). The property is in the state: it is never a
content, and the same text on every machine that has the same settings. Decision 66.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import tempfile
from pathlib import Path

from components.calico.kubeconfig import KubeAccess, explicit_path, resolve
from components.shared.provider_errors import ProviderError

AMBIENT = ""
"""The plugin reads $KUBECONFIG, ~/.kube/config or the pod's service account by client-go's own rules."""
FOLDER = ".cache/calico-peering/kubeconfig"
"""Of the copies, in the home of /etc/passwd: what `~` is to the plugin."""


def plugin_kubeconfig(kubeconfig: str | None, context: str | None) -> str:
    """The property `kubeconfig` for the settings `kubeconfig` and `kubeContext`.

    Raises ProviderError as kubeconfig.resolve does, and when a copy cannot be written.
    """
    if not kubeconfig:
        return AMBIENT
    access, path = resolve(kubeconfig, context), explicit_path(kubeconfig)
    if access.needs_copy:
        return _copied(access, kubeconfig, context)
    return kubeconfig if _as_the_plugin_reads(kubeconfig) == path else path


def _home() -> str | None:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None


def _as_the_plugin_reads(kubeconfig: str) -> str | None:
    if kubeconfig == "~" or kubeconfig.startswith("~/"):
        home = _home()
        return os.path.join(home, kubeconfig[2:]) if home else None
    return os.path.abspath(kubeconfig)


def _copied(access: KubeAccess, kubeconfig: str, context: str | None) -> str:
    """A copy of the one context with absolute paths, which only its owner can read.

    Its name depends on the settings only, and it stays: `pulumi destroy` reads it and runs no program.
    """
    name = hashlib.sha256(f"{kubeconfig}\0{context or ''}".encode()).hexdigest()[:16]
    home = _home()
    try:
        if home is None:
            raise FileNotFoundError(2, "this user is not in /etc/passwd")
        _write(Path(home) / FOLDER / name, json.dumps(_document(access), default=str))
    except OSError as error:
        raise ProviderError(
            f"{access.place} has relative paths or a current-context that is not there, so pulumi-kubernetes"
            f" takes a copy in ~/{FOLDER}, which cannot be written: {(error.strerror or '').lower()}. Make"
            " the paths absolute, or leave calico-peering:kubeconfig empty and set KUBECONFIG"
        ) from error
    return f"~/{FOLDER}/{name}"


def _document(access: KubeAccess) -> dict[str, object]:
    context, cluster, user = access.names
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": access.cluster}],
        "users": [{"name": user, "user": access.user}] if user else [],
        "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
        "current-context": context,
    }


def _write(path: Path, text: str) -> None:
    """Anew and by a rename, unless it is there as it should be: runs side by side read a whole file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if path.is_file() and path.stat().st_mode & 0o777 == 0o600 and path.read_text() == text:
        return
    # mkstemp's mode is 0600.
    number, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with open(number, "w") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise

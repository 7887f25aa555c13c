"""The logins of a job: texts that a forge keeps as secrets become the files that programs read.

The files are in a folder of the run's own, which only its user may read and which is removed afterwards.
Deliberately no long-lived key is made or stored here: identity tokens, which a forge signs for one job, are
asked for where an audience is set.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import requests
import yaml

FILES = {
    "KUBECONFIG_TEXT": ("kubeconfig", "KUBECONFIG"),
    "CLOUDS_TEXT": ("clouds.yaml", "OS_CLIENT_CONFIG_FILE"),
}
"""By the variable with the text: the file's name, and the variable that names the file to programs."""
TOKENS = {
    "KUBERNETES": ("kubernetes-token", None),
    "AWS": ("aws-token", "AWS_WEB_IDENTITY_TOKEN_FILE"),
}
"""Identity tokens: X_AUDIENCE asks GitHub for one, X_ID_TOKEN is one, as GitLab's `id_tokens` gives it."""
UNSET_WHEN_EMPTY = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "PGPASSWORD",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
)
"""A forge gives an empty text where it has no such secret or variable."""
SECONDS = 30
SECRET_KEYS = re.compile(r"password|secret|token$|client-key-data|passcode", re.IGNORECASE)


class CredentialError(Exception):
    """A login cannot be prepared; the text is for a person and without secrets."""


@contextmanager
def credentials(environment: MutableMapping[str, str]) -> Iterator[list[str]]:
    """Put the files into the environment for the block; yields the secret values in them, for a Scrubber.

    The variables with the texts are taken out, so that no program of the block has more than its own.

    Raises:
        CredentialError: an identity token is asked for and the forge gives none, or a text is not YAML.
    """
    before = dict(environment)
    for name in UNSET_WHEN_EMPTY:
        if environment.get(name) == "":
            del environment[name]
    with tempfile.TemporaryDirectory(prefix="calico-peering-job-") as name:
        folder = Path(name)
        secrets: list[str] = []
        try:
            for source, (file, variable) in FILES.items():
                if text := environment.pop(source, ""):
                    secrets += _secrets_of(source, text)
                    environment[variable] = str(_write(folder / file, text))
            for kind, (file, of) in TOKENS.items():
                if token := _identity_token(kind, before):
                    secrets.append(token)
                    path = str(_write(folder / file, token))
                    environment.update({of: path} if of else {})
                environment.pop(f"{kind}_ID_TOKEN", None)
            yield secrets
        finally:
            environment.clear()
            environment.update(before)


def _secrets_of(source: str, text: str) -> list[str]:
    """The values whose keys say that they are secret."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise CredentialError(f"{source}: expected YAML, found something else{where}") from None
    return list(_values(document))


def _values(document: object, secret: bool = False) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _values(value, secret or bool(SECRET_KEYS.search(str(key))))
    elif isinstance(document, list):
        for each in document:
            yield from _values(each, secret)
    elif secret and document:
        yield str(document)


def _write(path: Path, text: str) -> Path:
    # A text that was pasted into a form may have lost its last line's end.
    content = text if text.endswith("\n") or path.name.endswith("token") else f"{text}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    return path


def _identity_token(kind: str, environment: Mapping[str, str]) -> str:
    if kind == "AWS" and not environment.get("AWS_ROLE_ARN"):
        # AWS's libraries fail where they find a token and no role to take with it.
        return ""
    if given := environment.get(f"{kind}_ID_TOKEN"):
        return given
    audience = environment.get(f"{kind}_AUDIENCE")
    if not audience:
        return ""
    address, token = (environment.get(f"ACTIONS_ID_TOKEN_REQUEST_{name}", "") for name in ("URL", "TOKEN"))
    if not (address and token):
        raise CredentialError(
            f"{kind}_AUDIENCE: expected a job that may ask for an identity token, found none. On GitHub give"
            f" the job the permission `id-token: write`; on GitLab set {kind}_ID_TOKEN by `id_tokens` instead"
        )
    return _ask(f"{address}&audience={quote(audience, safe='')}", token)


def _ask(address: str, token: str) -> str:
    where = address.partition("?")[0]
    try:
        answer = requests.get(
            address, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS, allow_redirects=False
        )
        if answer.status_code == 200:
            return str(answer.json()["value"])
        found = f"status {answer.status_code}"
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        found = type(error).__name__
    raise CredentialError(f"the forge gives no identity token: expected one of {where}, found {found}")

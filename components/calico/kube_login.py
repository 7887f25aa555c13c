"""How a client logs in to a cluster, and the sentence for when the cluster does not know it.

"Who are you" (HTTP 401, or what an anonymous user may not do) and "you may not" (any other HTTP 403) are two
errors: this module has the first. It names the user's entry and the file or plugin, and never a credential.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.shared.provider_errors import ProviderError

NONE, TOKEN, TOKEN_FILE, PASSWORD, CERTIFICATE, EXEC = (
    "none",
    "token",
    "token-file",
    "password",
    "cert",
    "exec",
)
ANONYMOUS = "system:anonymous"
LOG_IN = "Log in anew, as for kubectl (`kubectl auth whoami` shows whether that worked)"


class AuthenticationError(ProviderError):
    """The cluster does not know who asks, or there is nothing to log in with."""


@dataclass(frozen=True)
class Login:
    """What a client logs in with."""

    who: str
    """The user's entry and its file."""
    kind: str
    file: str = ""
    """Of the token or certificate, or the exec plugin's command."""
    content: str = field(default="", repr=False)
    """The token, or the certificate in base64, where it is in the kubeconfig itself: to look at its end."""

    @property
    def with_what(self) -> str:
        """The credential, for messages."""
        return {
            NONE: "no credentials",
            TOKEN: "its token",
            TOKEN_FILE: f"the token in {self.file}",
            PASSWORD: "its user name and password",
            CERTIFICATE: f"its client certificate{f' {self.file}' if self.file else ''}",
            EXEC: f"what the exec plugin {self.file} answered",
        }[self.kind]

    @property
    def ended(self) -> str:
        """When it ended, as `, which expired on …,`; empty when it did not, or nobody can tell."""
        end = self._end()
        return f", which expired on {end:%Y-%m-%d %H:%M} UTC," if end and end <= datetime.now(UTC) else ""

    def _end(self) -> datetime | None:
        try:
            if self.kind == CERTIFICATE:
                # Only for an error: it takes a while to import.
                from cryptography import x509

                pem = Path(self.file).read_bytes() if self.file else base64.b64decode(self.content)
                return x509.load_pem_x509_certificate(pem).not_valid_after_utc
            if self.kind in (TOKEN, TOKEN_FILE):
                return token_end(self.content or Path(self.file).read_text().strip())
        except (OSError, ValueError):
            pass
        return None


def token_end(token: str) -> datetime | None:
    """When a JSON web token expires (RFC 7519, `exp`); None for any other token."""
    try:
        claims = token.split(".")[1]
        end: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return datetime.fromtimestamp(end["exp"], tz=UTC)
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        return None


def find_authentication_error(
    client: object, doing: str, status: int, reason: str
) -> AuthenticationError | None:
    """The error for an answer that means that the cluster does not know who asks; None for another answer.

    `client`: one with a Login, if it has one. `reason`: the API server's own message, with its status.
    """
    if status != 401 and not (status == 403 and ANONYMOUS in reason):
        return None
    login: Login = getattr(client, "login", None) or Login("the kubeconfig's user", NONE)
    host = getattr(getattr(client, "configuration", None), "host", "the cluster")
    found = (
        f"{login.with_what}{login.ended} was refused"
        if status == 401
        else f"the server takes the request for {ANONYMOUS}, with {login.with_what}"
    )
    return AuthenticationError(
        f"authentication at {host} failed ({doing}: {reason}): {login.who}: {found}. {_remedy(login)}"
    )


def describe_refused_certificate(client: object, cause: str) -> str:
    """The sentence for a TLS failure about our certificate; empty when it is about something else."""
    text = cause.lower()
    if "alert" not in text or not any(
        words in text for words in ("certificate", "unknown ca", "access denied")
    ):
        return ""
    login: Login = getattr(client, "login", None) or Login("the kubeconfig's user", NONE)
    found = f"the server does not accept {login.with_what}{login.ended} of {login.who}"
    return f"authentication failed: {found}. {_remedy(login)}"


def _remedy(login: Login) -> str:
    if login.kind == NONE:
        return "Add credentials to the user's entry, or set calico-peering:kubeContext to another context"
    if login.kind == EXEC:
        return f"Log in anew with the tool of {login.file}, and see that it is for this cluster"
    if login.kind == TOKEN_FILE and login.file.startswith("/var/run/secrets/"):
        return "See that the pod's token is for this cluster"
    return (
        f"{LOG_IN}; a proxy that ends TLS also takes a client certificate away"
        if login.kind == CERTIFICATE
        else LOG_IN
    )

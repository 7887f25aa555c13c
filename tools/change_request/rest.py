"""Requests to a forge's REST API: JSON, a token, pages, and errors for a person.

Deliberately no retries: a job that comments is run again with the next push.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

SECONDS = 30
# More pages than this no list of comments has; a server that always names a next one would be asked for ever.
MOST_PAGES = 1_000

Json = Any


class PostError(Exception):
    """The comment could not be written; the text has no token."""


class Rest:
    """One API, by its address and the headers that log in."""

    def __init__(self, address: str, headers: Mapping[str, str], permission: str) -> None:
        """`permission`: what the token needs, for the error when it lacks it."""
        self._address = address.rstrip("/")
        self._permission = permission
        self._session = requests.Session()
        # Else a login of ~/.netrc takes the place of the token.
        self._session.auth = _NoOther()
        self._session.headers.update(headers)

    def get(self, path: str) -> Json:
        """What is at a path."""
        return self._ask("GET", f"{self._address}{path}")[0]

    def pages(self, path: str) -> Iterator[Json]:
        """Every entry of a list, over all of its pages, by the header `Link` (RFC 8288)."""
        address = f"{self._address}{path}"
        for _ in range(MOST_PAGES):
            entries, following = self._ask("GET", address)
            yield from entries or ()
            if not following:
                return
            # The token is for this server alone.
            if urlsplit(following)[:2] != urlsplit(self._address)[:2]:
                raise PostError(
                    f"{self._address}: the next page is at another server, {urlsplit(following).netloc}"
                )
            address = following

    def write(self, method: str, path: str, body: str) -> Json:
        """Send a comment's body."""
        return self._ask(method, f"{self._address}{path}", {"body": body})[0]

    def _ask(self, method: str, address: str, sent: Json = None) -> tuple[Json, str]:
        where = f"{method} {address.partition('?')[0]}"
        try:
            answer = self._session.request(method, address, json=sent, timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise PostError(
                f"{where}: no answer ({type(error).__name__}); check the address and the way there"
            ) from None
        if answer.status_code in (401, 403):
            raise PostError(
                f"{where}: refused with {answer.status_code} ({_reason(answer)}); the token needs"
                f" {self._permission}"
            )
        if answer.status_code == 404:
            raise PostError(
                f"{where}: not there (404), or the token may not see it; it needs {self._permission}, and the"
                " number and the repository have to be right"
            )
        if not 200 <= answer.status_code < 300:
            raise PostError(f"{where}: expected success, found {answer.status_code} ({_reason(answer)})")
        try:
            return answer.json(), answer.links.get("next", {}).get("url", "")
        except ValueError:
            raise PostError(
                f"{where}: the answer is not JSON; is {self._address} the address of the API?"
            ) from None


class _NoOther(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _reason(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return str(answer.reason)
    told = said.get("message") or said.get("error") if isinstance(said, dict) else None
    return " ".join(str(told or answer.reason).split())[:200]

"""Requests to a forge's REST API: JSON, a token, pages, and errors for a person.

Deliberately no retries: a job that comments is run again with the next push.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ValidationError

SECONDS = 30
# More pages than this no list of comments has; a server that always names a next one would be asked for ever.
MOST_PAGES = 1_000

Json = Any
Shape = TypeVar("Shape", bound=BaseModel)


class PostError(Exception):
    """The comment could not be written; the text has no token."""


class NotThereError(PostError):
    """404."""


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

    def read(self, shape: type[Shape], path: str) -> Shape:
        """What is at a path, as a model."""
        return _parse(shape, self.get(path), path)

    def read_pages(self, shape: type[Shape], path: str) -> Iterator[Shape]:
        """Every entry of a list, as a model."""
        for each in self.pages(path):
            yield _parse(shape, each, path)

    def write(self, method: str, path: str, sent: Mapping[str, str]) -> Json:
        """Send an object, and return the answer."""
        return self._ask(method, f"{self._address}{path}", dict(sent))[0]

    def download(self, path: str) -> bytes:
        """The content of a file. One redirection is followed, without the token, which is for this server."""
        address = f"{self._address}{path}"
        answer = self._request("GET", address, None)
        if answer.is_redirect:
            answer = _answer("GET", lambda: requests.get(answer.headers["Location"], timeout=SECONDS))
        self._check(answer, f"GET {address}")
        return answer.content

    def _ask(self, method: str, address: str, sent: Json = None) -> tuple[Json, str]:
        where = f"{method} {address.partition('?')[0]}"
        answer = self._request(method, address, sent)
        self._check(answer, where)
        try:
            return answer.json(), answer.links.get("next", {}).get("url", "")
        except ValueError:
            raise PostError(
                f"{where}: the answer is not JSON; is {self._address} the address of the API?"
            ) from None

    def _request(self, method: str, address: str, sent: Json) -> requests.Response:
        return _answer(
            f"{method} {address.partition('?')[0]}",
            lambda: self._session.request(method, address, json=sent, timeout=SECONDS, allow_redirects=False),
        )

    def _check(self, answer: requests.Response, where: str) -> None:
        """Raises PostError unless it is a success."""
        if answer.status_code in (401, 403):
            raise PostError(
                f"{where}: refused with {answer.status_code} ({_reason(answer)}); the token needs"
                f" {self._permission}"
            )
        if answer.status_code == 404:
            raise NotThereError(
                f"{where}: not there (404), or the token may not see it; it needs {self._permission}, and the"
                " number and the repository have to be right"
            )
        if not 200 <= answer.status_code < 300:
            raise PostError(f"{where}: expected success, found {answer.status_code} ({_reason(answer)})")


class _NoOther(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _parse(shape: type[Shape], answer: Json, path: str) -> Shape:
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in error.errors()
        )
        raise PostError(f"{path}: expected the answer of a forge's API, found another: {wrong}") from None


def _answer(where: str, ask: Callable[[], requests.Response]) -> requests.Response:
    try:
        return ask()
    except requests.RequestException as error:
        raise PostError(
            f"{where}: no answer ({type(error).__name__}); check the address and the way there"
        ) from None


def _reason(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return str(answer.reason)
    told = said.get("message") or said.get("error") if isinstance(said, dict) else None
    return " ".join(str(told or answer.reason).split())[:200]

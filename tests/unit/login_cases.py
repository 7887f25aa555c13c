"""Users of a kubeconfig who can never log in, and what has to be in the sentence that says so."""

import base64
import json
from datetime import UTC, datetime

from tests.unit.kubeconfig_cases import ALICE, Case, document, entry, plugin

V1 = "client.authentication.k8s.io/v1"
ANSWER = {"apiVersion": V1, "kind": "ExecCredential"}
SECRET = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJoaWRkZW4ifQ.hidden"
CONTEXT = (
    '{"current-context": "x", "contexts": [{"name": "x", "context": {%s}}],'
    '"clusters": [{"name": "c", "cluster": {"server": "$A"}}]}'
)


def user(content: object, **files: str) -> Case:
    """A kubeconfig `x` with this user `a`, and other files."""
    text = content if isinstance(content, str) else document("a", a=entry("$A", content))  # type: ignore[arg-type]
    return Case(
        "",
        {"x": text, **{name.replace("__", "/"): text for name, text in files.items()}},
        ("", ""),
        "$HERE/x",
    )


def script(answer: object, *more: str) -> str:
    return "\n".join(["#!/bin/sh", *more, f"echo '{json.dumps(answer)}'", ""])


def oidc(end: datetime) -> dict[str, object]:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": end.timestamp()}).encode()).decode().rstrip("=")
    return {"auth-provider": {"name": "oidc", "config": {"id-token": f"hidden.{claims}.hidden"}}}


NO_LOGIN = {
    "a plugin that is not there": (
        user(plugin("aws", installHint="see\n https://aws.example")),
        ["exec plugin aws of user 'a' of $HERE/x", "not in PATH", "see https://aws.example"],
    ),
    "a plugin that is not there, by a path": (
        user(plugin("./aws")),
        ["exec plugin $HERE/aws", "is not installed"],
    ),
    "a plugin that may not be run": (
        user(plugin("$HERE/plug"), plug="echo"),
        ["$HERE/plug", "permission denied"],
    ),
    "a plugin that fails": (
        user(
            plugin(),
            bin__plugin=f"#!/bin/sh\necho first >&2\necho 'no login: {SECRET} plugged' >&2\nexit 7\n",
        ),
        ["exec plugin plugin of user 'a' of $HERE/x", "ended with 7: no login: […] […]. Run it by hand"],
    ),
    "a plugin that prints no JSON": (
        user(plugin(), bin__plugin="#!/bin/sh\necho hidden\n"),
        ["plugin of user 'a'", "something else than an ExecCredential"],
    ),
    "a plugin of another version": (
        user(
            plugin(),
            bin__plugin=script({**ANSWER, "apiVersion": f"{V1}beta1", "status": {"token": "hidden"}}),
        ),
        [f"'{V1}beta1'", f"expected '{V1}'"],
    ),
    "a plugin that answers with nothing": (
        user(plugin(), bin__plugin=script({**ANSWER, "status": {}})),
        ["neither a token"],
    ),
    "a plugin that answers with a key alone": (
        user(plugin(), bin__plugin=script({**ANSWER, "status": {"clientKeyData": "hidden"}})),
        ["expected both"],
    ),
    "a plugin's entry of old": (
        user({"exec": {"command": "aws", "apiVersion": f"{V1}alpha1"}}),
        ["exec plugin aws", f"{V1}alpha1", f"{V1}beta1"],
    ),
    "a plugin that wants a terminal": (user(plugin(interactiveMode="Always")), ["'Always'", "no terminal"]),
    "a client certificate that is not there": (
        user({**ALICE, "client-certificate": "no.crt"}),
        ["client certificate $HERE/no.crt of user 'a' of $HERE/x", "no such file"],
    ),
    "a client key that cannot be read": (
        user({**ALICE, "client-key": "folder"}, folder__x=""),
        ["client key $HERE/folder of user 'a'", "is a directory"],
    ),
    "a certificate without a key": (
        user({"client-certificate": "$HERE/alice.crt"}),
        ["user 'a' of $HERE/x", "without client-key"],
    ),
    "another certificate's key": (
        user({**ALICE, "client-key": "$HERE/A.key"}),
        ["$HERE/alice.crt and $HERE/A.key", "key values mismatch"],
    ),
    "a certificate that is none": (
        user({**ALICE, "client-certificate": "word"}, word="hidden"),
        ["$HERE/word and", "PEM"],
    ),
    "a token file that is not there": (
        user({"tokenFile": "no"}),
        ["token file $HERE/no of user 'a'", "no such file"],
    ),
    "an empty token file": (user({"tokenFile": "word"}, word="\n"), ["token file $HERE/word", "it is empty"]),
    "no credentials": (user({}), ["user 'a' of $HERE/x", "has no credentials"]),
    "an expired token of an auth-provider": (
        user(oidc(datetime(2026, 1, 2, 3, 4, tzinfo=UTC))),
        ["'oidc' of user 'a'", "expired on 2026-01-02 03:04 UTC", "exec plugin"],
    ),
    "an auth-provider of old": (
        user({"auth-provider": {"name": "gcp", "config": {"access-token": "hidden"}}}),
        ["'gcp' of user 'a'", "gke-gcloud-auth-plugin"],
    ),
    "a context without a user": (
        user(CONTEXT % '"cluster": "c"'),
        ["context 'x' of $HERE/x", "names no user"],
    ),
    "a context whose user is not there": (
        user(CONTEXT % '"cluster": "c", "user": "u"'),
        ["context 'x' of $HERE/x", "user 'u'", "no kubeconfig that was read"],
    ),
}

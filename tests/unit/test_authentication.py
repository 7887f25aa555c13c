"""Who asks is not known, or may not: two errors; the first names the user's entry, the file or the plugin."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from kubernetes.client import ApiException, VersionApi

from components.calico import exec_plugin
from components.calico.calico_api import clear_errors, connect
from components.calico.kube_login import AuthenticationError
from components.calico.rights import Right, lacking
from components.shared.provider_errors import ProviderError
from lab.cluster import pki
from tests.unit.kubeconfig_cases import ALICE, Case, plugin, token, write
from tests.unit.login_cases import ANSWER, NO_LOGIN, SECRET, oidc, script, user
from tests.unit.recording_servers import Seen, Servers


def begin(case: Case, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in write(case, servers).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("case", "words"), NO_LOGIN.values(), ids=NO_LOGIN)
def test_what_cannot_log_in_is_said_before_anything_is_sent(
    case: Case, words: list[str], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(case, servers, monkeypatch)
    with pytest.raises(ProviderError) as error:
        connect()
    text = str(error.value)
    for word in words:
        assert servers.fill_in(word) in text
    assert not servers.seen
    for secret in (SECRET, "hidden", "plugged", "needs get"):
        assert secret not in text


def test_a_client_key_with_a_passphrase_is_refused_without_asking_for_it(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.hazmat.primitives import serialization as pem

    key = pem.load_pem_private_key((servers.folder / "alice.key").read_bytes(), None)
    locked = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"word")
    )
    begin(user({**ALICE, "client-key": "locked"}, locked=locked.decode()), servers, monkeypatch)
    with pytest.raises(AuthenticationError, match="alice.crt and .*locked.* no passphrase"):
        connect()


REFUSED = {
    "a token": (token("word"), 401, "Unauthorized", "its token was refused"),
    "an expired token": (
        token(oidc(datetime(2026, 1, 2, 3, 4, tzinfo=UTC))["auth-provider"]["config"]["id-token"]),  # type: ignore[index]
        401,
        "Unauthorized",
        "its token, which expired on 2026-01-02 03:04 UTC, was refused",
    ),
    "a token file": (
        {"tokenFile": "$HERE/ca.crt"},
        401,
        "Unauthorized",
        "the token in $HERE/ca.crt was refused",
    ),
    "a certificate": (ALICE, 401, "Unauthorized", "client certificate $HERE/alice.crt was refused"),
    "a plugin": (plugin(), 401, "Unauthorized", "what the exec plugin plugin answered was refused"),
    "nobody": (
        ALICE,
        403,
        'pods is forbidden: User "system:anonymous" cannot list',
        "takes the request for system:anonymous, with its client certificate",
    ),
}


@pytest.mark.parametrize(("content", "status", "said", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refused_login_is_authentication(
    content: dict[str, object],
    status: int,
    said: str,
    words: str,
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(user(content, bin__plugin=script({**ANSWER, "status": {"token": "hidden"}})), servers, monkeypatch)
    client = connect()
    with pytest.raises(AuthenticationError) as error, clear_errors(client, "reading it", "list on pods"):
        raise answer(status, said)
    text = str(error.value)
    assert text.startswith(f"authentication at {client.configuration.host} failed (reading it: {said}")
    assert servers.fill_in("user 'a' of $HERE/x (context 'a'): ") in text
    assert servers.fill_in(words) in text
    assert "list on pods" not in text and "hidden" not in text


@pytest.mark.parametrize("inline", [False, True], ids=["in a file", "inline"])
def test_a_certificate_that_expired_is_named_with_its_end(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, inline: bool
) -> None:
    """kubeadm's hold for a year, and the API server says no more than Unauthorized."""
    monkeypatch.setattr(pki, "LIFETIME", timedelta(minutes=-1))
    old = pki.Authority("old").client("admin")
    content = {"client-certificate": "$HERE/old", "client-key": "$HERE/key"}
    if inline:
        pems = (("certificate", old.certificate), ("key", old.key))
        content = {f"client-{name}-data": base64.b64encode(pem).decode() for name, pem in pems}
    begin(user(content, old=old.certificate.decode(), key=old.key.decode()), servers, monkeypatch)
    client = connect()
    expired = r"its client certificate.*, which expired on 20\d\d-.* UTC, was refused"
    with pytest.raises(AuthenticationError, match=expired), clear_errors(client, "reading it"):
        raise answer(401, "Unauthorized")


def answer(status: int, said: str) -> ApiException:
    """What the Python client raises for an answer."""
    error = ApiException(status=status, reason="")
    error.body = json.dumps({"message": said})
    return error


def test_what_a_known_user_may_not_do_is_authorization(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(user(ALICE), servers, monkeypatch)
    said = 'pods is forbidden: User "alice" cannot list'
    client = connect()
    with (
        pytest.raises(ProviderError, match="the kubeconfig's user needs list on pods") as error,
        clear_errors(client, "reading it", "list on pods"),
    ):
        raise answer(403, said)
    assert not isinstance(error.value, AuthenticationError)


def test_a_certificate_that_tls_does_not_accept_is_authentication(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(user(ALICE), servers, monkeypatch)
    cause = urllib3.exceptions.SSLError("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)")
    client = connect()
    accepted = r"does not accept its client certificate .*alice\.crt of user 'a'"
    with pytest.raises(AuthenticationError, match=accepted), clear_errors(client, "reading it"):
        raise cause


def test_nobody_s_rights_are_not_taken_for_all(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may not ask for his rights lacks none of them; an unknown user may not either."""
    begin(user(ALICE), servers, monkeypatch)
    client = connect()

    def refuse(*_: object, **__: object) -> None:
        raise answer(403, 'User "system:anonymous" cannot create')

    monkeypatch.setattr(client, "call_api", refuse)
    with pytest.raises(AuthenticationError):
        lacking(client, [Right("", "nodes", "list")])


def test_a_plugin_is_asked_once_until_its_answer_expires(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = {**ANSWER, "status": {"token": "word", "expirationTimestamp": end}}
    count = servers.folder / "count"
    begin(user(plugin(), bin__plugin=script(answer, f"echo x >> {count}")), servers, monkeypatch)
    for _ in range(3):
        VersionApi(connect()).get_code()
    assert count.read_text().split() == ["x"]
    client = connect()
    late = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(exec_plugin, "datetime", Later(late))
    VersionApi(client).get_code()
    assert count.read_text().split() == ["x", "x"]
    assert {seen.login for seen in servers.seen} == {"Bearer word"}


class Later:
    """datetime, at another time."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.fromisoformat = datetime.fromisoformat

    def now(self, _zone: object) -> datetime:
        return self._now


def test_a_plugin_may_answer_with_a_certificate_and_hears_of_the_cluster(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"clientCertificateData": "alice.crt", "clientKeyData": "alice.key"}
    status = {name: (servers.folder / file).read_text() for name, file in names.items()}
    (told := servers.folder / "told").unlink(missing_ok=True)
    keep = f'echo "$KUBERNETES_EXEC_INFO" > {told}'
    answer = servers.folder / "answer.key"
    answer.write_text(json.dumps({**ANSWER, "status": status}))
    text = f"#!/bin/sh\n{keep}\ncat {answer}\n"
    begin(user(plugin(provideClusterInfo=True), bin__plugin=text), servers, monkeypatch)
    VersionApi(connect()).get_code()
    assert servers.seen == [Seen("A", "cert alice")]
    info = json.loads(told.read_text())
    assert info["spec"]["cluster"]["server"] == servers.fill_in("$A")
    authority = base64.b64decode(info["spec"]["cluster"]["certificate-authority-data"])
    assert authority == (servers.folder / "ca.crt").read_bytes()


def test_a_token_file_that_was_exchanged_is_read_again(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(user({"tokenFile": "word"}, word="first"), servers, monkeypatch)
    client = connect()
    monkeypatch.setattr("components.calico.kube_user.TOKEN_SECONDS", 0)
    VersionApi(client).get_code()
    Path(servers.folder / "word").write_text("second\n")
    VersionApi(client).get_code()
    assert [seen.login for seen in servers.seen] == ["Bearer first", "Bearer second"]

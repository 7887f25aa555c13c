"""Which cluster and user a kubeconfig means: as kubectl reads it, and a sentence where it means none."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from kubernetes.client import VersionApi

from components.calico import kubeconfig
from components.calico.calico_api import connect
from components.calico.kube_client import configure
from components.shared.provider_errors import ProviderError
from tests.unit.kubeconfig_cases import A, B, Case, document, entry, token, write
from tests.unit.kubeconfig_login_table import LOGINS
from tests.unit.kubeconfig_table import FILES
from tests.unit.recording_servers import Seen, Servers

SOUND = {**FILES, **LOGINS}


def given(case: Case, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> tuple[str | None, str | None]:
    """The settings, in the case's environment."""
    for name, value in write(case, servers).items():
        monkeypatch.setenv(name, value)
    return case.kubeconfig and servers.fill_in(case.kubeconfig), case.context


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_cluster_and_user_are_those_of_kubectl(
    case: Case, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(*given(case, servers, monkeypatch))
    VersionApi(client).get_code()
    assert servers.seen == [Seen(*case.expected)]
    assert bool(servers.proxied) == case.proxied


def test_a_proxy_gets_its_password(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    VersionApi(connect(*given(LOGINS["proxy-url with a password"], servers, monkeypatch))).get_code()
    assert servers.proxied == [f"Basic dTpwQA== 127.0.0.1:{servers.ports['A']}"]


def test_a_socks_proxy_takes_a_package(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it, names are left to the proxy as Go leaves them."""
    user = entry("$A", token("ta"), **{"proxy-url": "socks5://u:hidden@127.0.0.1:1"})
    given(Case("C", {"x": document("a", a=user)}, ("", ""), "$HERE/x"), servers, monkeypatch)
    monkeypatch.setitem(sys.modules, "socks", None)
    with pytest.raises(ProviderError, match="PySocks") as error:
        connect()
    assert "hidden" not in str(error.value)
    monkeypatch.setitem(sys.modules, "socks", ModuleType("socks"))
    access = kubeconfig.resolve()
    assert configure(access)[0].proxy == "socks5h://u:hidden@127.0.0.1:1"


def test_in_a_pod_without_a_kubeconfig_its_service_account_is_used(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given(Case("rest.InClusterConfig", {}, ("", "")), servers, monkeypatch)
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(servers.ports["A"]))
    (tmp_path / "token").write_text("pods\n")
    (tmp_path / "ca.crt").write_bytes((servers.folder / "ca.crt").read_bytes())
    VersionApi(connect()).get_code()
    assert servers.seen == [Seen("A", "Bearer pods")]
    with pytest.raises(ProviderError, match=r"service account, leave calico-peering:kubeContext empty"):
        connect(context="x")


CONTEXTS = '"contexts": [{"name": "x", "context": {%s}}], "current-context": "x"}'
LOST = {
    "no file at all": (Case("L, C", {}, ("", "")), ["$HERE/home/.kube/config", "KUBECONFIG"]),
    "no file at all, with a context": (
        Case("C", {}, ("", ""), "$HERE/no", context="c"),
        ["no kubeconfig was found", "$HERE/no"],
    ),
    "a list without a name": (Case("L", {}, ("", ""), ":"), ["KUBECONFIG, which names no file"]),
    "a list of missing files": (
        Case("L", {}, ("", ""), "$HERE/no:~/also"),
        ["$HERE/no", "`~` is not expanded in KUBECONFIG"],
    ),
    "a setting that names no file": (
        Case("L: a missing ExplicitPath is an error", {}, ("", ""), None, "~/no"),
        ["$HERE/home/no does not exist", "calico-peering:kubeconfig"],
    ),
    "an empty file": (Case("C", {"x": ""}, ("", ""), None, "$HERE/x"), ["$HERE/x", "is empty"]),
    "a folder": (Case("L", {"x/y": ""}, ("", ""), "$HERE/x"), ["$HERE/x", "is a directory"]),
    "no YAML": (Case("L", {"x": "a: b\nc: 'hidden"}, ("", ""), "$HERE/x"), ["$HERE/x", "no YAML at line"]),
    "a list": (Case("L", {"x": "[hidden]"}, ("", ""), "$HERE/x"), ["$HERE/x", "a list, expected a mapping"]),
    "another kind": (Case("L", {"x": "kind: Secret"}, ("", ""), "$HERE/x"), ["$HERE/x", "`kind: Config`"]),
    "no current context": (
        Case("C: localhost:8080", {"x": document(None, a=entry("$A", token("ta")))}, ("", ""), "$HERE/x"),
        ["$HERE/x", "current-context", "'a'", "calico-peering:kubeContext"],
    ),
    "a current context that is not there": (
        Case("V", {"x": document("gone", a=entry("$A", token("ta")))}, ("", ""), "$HERE/x"),
        ["'gone'", "'a'", "current-context"],
    ),
    "a context that is not there": (
        Case("C", {"x": A, "y": B}, ("", ""), "$HERE/x:$HERE/y", context="c"),
        ["$HERE/x", "$HERE/y", "'c'", "'a', 'b'", "calico-peering:kubeContext"],
    ),
    "a context without a cluster": (
        Case("C: localhost:8080", {"x": "{" + CONTEXTS % '"user": "u"'}, ("", ""), "$HERE/x"),
        ["context 'x' of $HERE/x names no cluster"],
    ),
    "a context whose cluster is not there": (
        Case("C", {"x": "{" + CONTEXTS % '"user": "u", "cluster": "c"'}, ("", ""), "$HERE/x"),
        ["context 'x' of $HERE/x", "cluster 'c'", "no kubeconfig that was read"],
    ),
    "a name twice": (
        Case("api/v1/conversion.go", {"x": '{"users": [{"name": "u"}, {"name": "u"}]}'}, ("", ""), "$HERE/x"),
        ["$HERE/x", "'u' twice in users"],
    ),
    "an entry without a name": (
        Case("L", {"x": '{"users": [{"user": {"token": "hidden"}}, "hidden"]}'}, ("", ""), "$HERE/x"),
        ["$HERE/x", "users[1]"],
    ),
    "a number for a text": (
        Case("L", {"x": document("a", a=entry("$A", {"token": 12345}))}, ("", ""), "$HERE/x"),
        ["users 'a'", "token", "quotes"],
    ),
    "a content in KUBECONFIG": (
        Case("pulumi-kubernetes takes it", {}, ("", ""), 'apiVersion: v1\nusers: [{"token": "hidden"}]'),
        ["KUBECONFIG", "content", "paths"],
    ),
    "a content in the setting": (
        Case("pulumi-kubernetes takes it", {}, ("", ""), None, '{"users": [{"token": "hidden"}]}'),
        ["calico-peering:kubeconfig", "content", "a path"],
    ),
    "a server without https://": (
        Case("C: http", {"x": document("a", a=entry("10.0.0.1:6443", token("ta")))}, ("", ""), "$HERE/x"),
        ["cluster 'a' of $HERE/x", "'10.0.0.1:6443'", "https://"],
    ),
    "a certificate authority that is not there": (
        Case(
            "V",
            {"x": document("a", a=({"server": "$A", "certificate-authority": "no.crt"}, token("ta")))},
            ("", ""),
            "$HERE/x",
        ),
        ["certificate authority $HERE/no.crt", "no such file"],
    ),
    "two certificate authorities": (
        Case(
            "V",
            {"x": document("a", a=entry("$A", token("ta"), **{"certificate-authority-data": "%ca.crt"}))},
            ("", ""),
            "$HERE/x",
        ),
        ["certificate-authority-data: remove one"],
    ),
    "a proxy that is none": (
        Case(
            "V",
            {"x": document("a", a=entry("$A", token("ta"), **{"proxy-url": "ftp://u:hidden@proxy"}))},
            ("", ""),
            "$HERE/x",
        ),
        ["proxy of the cluster 'a' of $HERE/x", "http://"],
    ),
}


@pytest.mark.parametrize(("case", "words"), LOST.values(), ids=LOST)
def test_what_means_no_cluster_is_one_sentence(
    case: Case, words: list[str], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = given(case, servers, monkeypatch)
    with pytest.raises(ProviderError) as error:
        connect(*settings)
    text = str(error.value)
    for word in words:
        assert servers.fill_in(word) in text
    assert "hidden" not in text and "\n" not in text
    assert not servers.seen

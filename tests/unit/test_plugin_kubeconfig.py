"""What pulumi-kubernetes is given of the kubeconfig: no content, and the same text on every machine."""

import json
from pathlib import Path

import pytest

from components.calico import plugin_kubeconfig as module
from components.calico.plugin_kubeconfig import AMBIENT, plugin_kubeconfig
from components.shared.provider_errors import ProviderError
from tests.unit.kubeconfig_cases import A, document, entry, token, write
from tests.unit.kubeconfig_table import FILES
from tests.unit.recording_servers import Servers


@pytest.fixture
def here(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the kubeconfig `home/x`, whose home is also that of /etc/passwd."""
    write(FILES["the home's"], servers)
    (servers.folder / "home/x").write_text(servers.fill_in(A))
    monkeypatch.setenv("HOME", str(servers.folder / "home"))
    monkeypatch.setattr(module, "_home", lambda: str(servers.folder / "home"))
    monkeypatch.chdir(servers.folder)
    return servers.folder


@pytest.mark.parametrize("context", [None, "a"])
def test_what_the_environment_says_is_read_by_the_plugin_itself(
    here: Path, monkeypatch: pytest.MonkeyPatch, context: str | None
) -> None:
    """Not None: the SDK would put $KUBECONFIG in its place, and into the state."""
    monkeypatch.setenv("KUBECONFIG", f"{here}/home/x:{here}/home/y")
    assert plugin_kubeconfig(None, context) == AMBIENT == ""


@pytest.mark.parametrize("setting", ["~/x", "home/x", "$HERE/home/x"])
def test_the_setting_is_passed_on_as_it_is_where_the_plugin_reads_it_alike(here: Path, setting: str) -> None:
    setting = setting.replace("$HERE", str(here))
    assert plugin_kubeconfig(setting, None) == setting


@pytest.mark.parametrize("other", ["/elsewhere", None], ids=["another home", "no entry in /etc/passwd"])
def test_a_tilde_that_means_something_else_to_the_plugin_is_replaced(
    here: Path, monkeypatch: pytest.MonkeyPatch, other: str | None
) -> None:
    monkeypatch.setattr(module, "_home", lambda: other)
    assert plugin_kubeconfig("~/x", None) == f"{here}/home/x"


def copy(here: Path, text: str) -> Path:
    assert text.startswith("~/.cache/calico-peering/kubeconfig/")
    return here / "home" / text[2:]


def relative(here: Path, word: str = "hidden") -> str:
    user = {"client-key": "a.key", "client-certificate": "/a.crt", "token": word}
    two = document("one", one=entry("https://one", user), two=entry("https://two", token("another")))
    (here / "home/x").write_text(two.replace("$HERE/ca.crt", "ca.crt"))
    return "~/x"


def test_relative_paths_are_made_absolute_in_a_copy_of_the_one_context(here: Path) -> None:
    text = plugin_kubeconfig(relative(here), None)
    file = copy(here, text)
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    copied = json.loads(file.read_text())
    home = here / "home"
    assert copied["clusters"] == [
        {"name": "one", "cluster": {"server": "https://one", "certificate-authority": f"{home}/ca.crt"}}
    ]
    assert copied["users"][0]["user"]["client-key"] == f"{home}/a.key"
    assert copied["current-context"] == "one" and "another" not in file.read_text()


def test_the_copy_is_the_same_text_in_every_run_and_home(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text is in the state; the file is written anew when the kubeconfig has changed."""
    first = plugin_kubeconfig(relative(here), None)
    before = copy(here, first).stat()
    assert plugin_kubeconfig(relative(here), None) == first
    assert copy(here, first).stat().st_mtime_ns == before.st_mtime_ns
    assert plugin_kubeconfig(relative(here, "renewed"), None) == first
    assert "renewed" in copy(here, first).read_text()
    assert [*copy(here, first).parent.iterdir()] == [copy(here, first)]
    another = here / "another"
    another.mkdir()
    (another / "x").write_text((here / "home/x").read_text())
    monkeypatch.setenv("HOME", str(another))
    monkeypatch.setattr(module, "_home", lambda: str(another))
    assert plugin_kubeconfig("~/x", None) == first
    assert (another / first[2:]).is_file()


def test_contexts_of_one_file_have_copies_of_their_own(here: Path) -> None:
    texts = {plugin_kubeconfig(relative(here), context) for context in (None, "two")}
    assert len(texts) == 2


@pytest.mark.parametrize("home", ["/proc/nowhere", None])
def test_a_copy_that_cannot_be_written_is_said_with_the_ways_out(
    here: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.setattr(module, "_home", lambda: home)
    with pytest.raises(ProviderError, match=r"home/x .*absolute.* set KUBECONFIG") as error:
        plugin_kubeconfig(relative(here), None)
    assert "hidden" not in str(error.value)


def test_a_current_context_that_is_not_there_is_left_out_for_the_plugin(here: Path) -> None:
    """client-go refuses it in one file even where another context is asked for; kubectl does not."""
    (here / "home/x").write_text(document("gone", one=({"server": "https://one"}, token("word"))))
    copied = json.loads(copy(here, plugin_kubeconfig("~/x", "one")).read_text())
    assert copied["current-context"] == "one"

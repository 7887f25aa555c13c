"""What only tests need of a lab: how it is asked for, what is fetched then, and what is told without it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from lab import gather as gathering
from lab.cli import parser
from lab.debian import Tools
from lab.engine.products import EXTRAS as PRODUCTS
from lab.errors import LabError
from lab.extras import EXTRAS, check_extras, in_order
from lab.gather import gather
from lab.layout import Layout
from lab.newer_bird import NewerBirds
from lab.openstack.venv import CINDER_REQUIREMENTS, REQUIREMENTS
from lab.parts import Parts
from lab.programs import wanted
from lab.progress import Steps
from tests import needed_extras

PARTS = Parts(
    tools=Tools(Path("/tools")),
    debian=(Path("/layer"), Path("/debian")),
    openstack=Path("/venv"),
    cinder=None,
    programs={"pulumi": Path("/pulumi")},
    command_plugin=False,
    extras=("calicoctl",),
)


@pytest.mark.parametrize(
    ("words", "extras"),
    [
        ([], ()),
        (["--with", "cinder", "--with", "calicoctl", "--with", "cinder"], ("calicoctl", "cinder")),
        (["--with", "cinder", "--with", "all"], tuple(EXTRAS)),
    ],
)
def test_up_takes_extras_by_name_each_once(words: list[str], extras: tuple[str, ...]) -> None:
    assert in_order(parser().parse_args(["up", *words]).extras) == extras


def test_an_unknown_extra_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["up", "--with", "swift"])
    said = capsys.readouterr().err
    assert "swift" in said and all(name in said for name in (*EXTRAS, "all"))


def test_a_lab_that_has_them_is_fine_and_one_that_lacks_some_is_named_with_what_to_do() -> None:
    check_extras(["cinder"], [])
    check_extras(["cinder", "calicoctl"], ["cinder"])
    with pytest.raises(LabError) as caught:
        check_extras(["next-debian"], ["cinder", "calicoctl"])
    assert str(caught.value) == (
        "the lab runs without calicoctl, cinder: take it down (`make down`) and bring it up with"
        " `python -m lab up --with calicoctl --with next-debian --with cinder`"
    )


def test_only_a_lab_with_the_extra_has_its_program() -> None:
    assert PRODUCTS.keys() <= EXTRAS.keys()
    plain = {product.program for product in wanted(())}
    assert plain & {"calicoctl", "calico-node-status"} == set()
    assert {product.program for product in wanted(["calicoctl"])} == {*plain, "calicoctl"}


def test_a_running_lab_says_what_it_is_made_of(tmp_path: Path) -> None:
    for parts in (PARTS, replace(PARTS, cinder=Path("/cinder"), state_backends=Path("/servers"), extras=())):
        parts.write(Layout(folder=tmp_path))
        assert Parts.of_running(Layout(folder=tmp_path)) == parts


def pinned(file: Path) -> dict[str, str]:
    """Names and versions in a file of requirements."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", file.read_text(), re.M))


def test_cinders_packages_are_beside_the_others() -> None:
    assert "cinder" in pinned(CINDER_REQUIREMENTS)
    assert pinned(CINDER_REQUIREMENTS).keys() & pinned(REQUIREMENTS).keys() == set()


def fetched(monkeypatch: pytest.MonkeyPatch, **failing: str) -> list[str]:
    """The names of what is fetched from now on; those in `failing` fail with a message."""
    done: list[str] = []

    def fetch(name: str, result: object) -> Callable[..., Any]:
        def fake(*_: object) -> object:
            done.append(name)
            if name in failing:
                raise LabError(failing[name])
            return result

        return fake

    for name, result in (
        ("tools", PARTS.tools),
        ("rootfs", Path("/debian")),
        ("newer_birds", NewerBirds(Path("/birds"))),
        ("next_debian", Path("/layer")),
        ("other_programs", Path("/programs")),
        ("state_backends", Path("/servers")),
        ("gitlab_runner", Path("/runner")),
        ("ensure_venv", Path("/venv")),
        ("ensure_cinder", Path("/cinder")),
        ("programs", PARTS.programs),
        ("pulumi_on_path", None),
    ):
        monkeypatch.setattr(gathering, name, fetch(name, result))
    return done


def test_a_plain_lab_fetches_nothing_of_the_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    done = fetched(monkeypatch)
    assert gather(Layout(), Steps()) == replace(PARTS, debian=(Path("/debian"),), extras=())
    assert set(done) == {"tools", "rootfs", "ensure_venv", "programs", "pulumi_on_path"}


def test_a_lab_with_extras_has_their_layer_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(monkeypatch)
    asked = ("next-debian", "cinder")
    assert gather(Layout(), Steps(), asked) == replace(PARTS, cinder=Path("/cinder"), extras=asked)


def test_servers_that_hold_a_state_are_fetched_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched(monkeypatch)
    expected = replace(PARTS, debian=(Path("/debian"),), state_backends=Path("/servers"))
    assert gather(Layout(), Steps(), ("state-backends",)) == replace(expected, extras=("state-backends",))


def test_what_runs_gitlabs_pipelines_is_fetched_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched(monkeypatch)
    expected = replace(PARTS, debian=(Path("/debian"),), gitlab_runner=Path("/runner"))
    assert gather(Layout(), Steps(), ("gitlab-runner",)) == replace(expected, extras=("gitlab-runner",))


def test_layers_of_both_kinds_lie_above_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(monkeypatch)
    asked = ("next-debian", "other-programs")
    layers = (Path("/programs"), *PARTS.debian)
    assert gather(Layout(), Steps(), asked) == replace(PARTS, debian=layers, extras=asked)


def test_all_that_could_not_be_fetched_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done = fetched(monkeypatch, rootfs="no Debian", ensure_venv="no OpenStack")
    with pytest.raises(LabError) as caught:
        gather(Layout(), Steps())
    assert str(caught.value) == "no Debian\nno OpenStack"
    assert "programs" in done


def test_a_test_fails_in_a_lab_without_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Item:
        def __init__(self, *names: str) -> None:
            self.names = names

        def iter_markers(self, name: str) -> list[pytest.Mark]:
            return [getattr(pytest.mark, name)(*self.names).mark]

    def set_up(*names: str) -> None:
        needed_extras.pytest_runtest_setup(cast(pytest.Item, Item(*names)))

    monkeypatch.setenv("CALICO_PEERING_LAB", str(tmp_path))
    monkeypatch.setattr(Parts, "of_running", lambda layout: PARTS)
    set_up()
    set_up("calicoctl")
    with pytest.raises(pytest.fail.Exception, match="the lab runs without cinder: take it down"):
        set_up("cinder")

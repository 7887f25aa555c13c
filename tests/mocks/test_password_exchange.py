"""The sessions' password in ExternalPeering: the machine's first, then the nodes', then looked at."""

from __future__ import annotations

from typing import Any

import pytest

from components.bird.answers import MARK
from components.external_peering import ExternalPeering
from components.machine_secrets import MachineSecrets
from components.settings.settings import read_settings
from components.settings.site import single
from tests.mocks.recorder import Outputs, recorded
from tests.unit.example import values

COMMAND = "command:remote:Command"
SECRET = "kubernetes:core/v1:Secret"
# How the engine marks a secret (pulumi.runtime.rpc).
SECRET_MARK = "4dabf18193072939515e22adb298388d"
SEEN = f"{MARK}session 172.34.8.10 Established calico1\n{MARK}route 10.96.0.0/12 172.34.8.10\n"


def with_password() -> None:
    settings = read_settings(values(bgpPassword="a word"))
    secrets = {"external": MachineSecrets(password="a word")}
    ExternalPeering("external", {"site": single(settings), "secrets": secrets})


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_the_nodes_are_told_the_password_once_the_machine_has_it(preview: bool) -> None:
    recorder = recorded(with_password, preview=preview, outputs={COMMAND: {"stdout": SEEN}})
    order = [made.name for made in recorder.made if made.custom]
    delivered = order.index("external-router-configuration")
    assert delivered < order.index("external-calico-password") < order.index("external-calico-peer")
    assert order[-1] == "external-verification"
    if not preview:
        assert recorder.of(SECRET)["external-calico-password"]["stringData"][SECRET_MARK]


@pytest.mark.parametrize(
    ("kind", "again"),
    [
        # The number of the password's file, which stands for what the file says.
        (COMMAND, {"stdout": SEEN + f"{MARK}1795571655\n"}),
        (SECRET, {"metadata": {"resourceVersion": "8"}}),
    ],
    ids=["on the machine", "on the nodes"],
)
def test_the_verification_runs_again_when_the_password_is_another(kind: str, again: dict[str, Any]) -> None:
    once: Outputs = {COMMAND: {"stdout": SEEN}, SECRET: {"metadata": {"resourceVersion": "7"}}}
    texts = [
        recorded(with_password, outputs=outputs).of(COMMAND)["external-verification"]["stdin"]
        for outputs in (once, {**once, kind: again})
    ]
    assert texts[0] != texts[1]
    assert not any("a word" in text for text in texts)

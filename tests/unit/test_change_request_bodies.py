"""The comment of a preview: what a reviewer reads, for each kind of change, within the limit."""

from dataclasses import replace

import pytest

from lab.external import KeyPair
from tests import golden
from tests.unit.recorded_previews import (
    NAMES,
    events_of,
    recorded,
    request,
    with_many_ports,
    with_secret_in_error,
)
from tools.change_request.body import LIMIT, UNLIMITED, marker, render_body
from tools.change_request.engine_events import read_preview
from tools.change_request.preview import Violation
from tools.change_request.terminal import render_short

PASSWORD = "correct horse & battery"


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_preview_is_a_comment(name: str) -> None:
    made = request(recorded(name))
    golden.compare(f"change_request/{name}.md", render_body(made))
    golden.compare(f"change_request/{name}.txt", render_short(made))


def test_four_hundred_resources_are_cut_by_whole_lines_and_sections() -> None:
    made = request(with_many_ports(400))
    body, full = render_body(made), render_body(made, UNLIMITED)
    golden.compare("change_request/400-ports-derived.md", body)
    assert len(body) <= LIMIT < len(full)
    assert "`10.245.0.0/16` is added to the allowed address pairs of 400 ports of 400" in body
    assert "Left out here, for the length: " in body
    assert "The full text is in `change-request.full.md`" in body
    assert body.count("```") % 2 == 0
    assert body.count("<details>") == body.count("</details>")
    assert set(body.splitlines()) - set(full.splitlines()) == {
        line for line in body.splitlines() if "left out here" in line or line.startswith("Left out here")
    }


def test_a_secret_in_a_providers_message_is_not_in_the_comment() -> None:
    key = KeyPair.new().private
    made = request(with_secret_in_error(PASSWORD, key), {"calico-peering:bgpPassword": PASSWORD})
    body, short = render_body(made), render_short(made)
    golden.compare("change_request/secret-in-error-derived.md", body)
    for text in (body, short, render_body(made, UNLIMITED)):
        for secret in (PASSWORD, "correct+horse", *key.splitlines()[1:-1]):
            assert secret not in text


def test_a_comment_begins_with_the_marker_of_its_stack() -> None:
    body = render_body(request(recorded("nothing-to-do")))
    assert body.startswith("<!-- calico-peering change-request calico-peering/lab -->\n")
    assert marker("other/--><b>").count("-->") == 1


def test_no_changes_show_nothing_but_the_headline() -> None:
    body = render_body(request(recorded("nothing-to-do")))
    shown = body.partition("<details>")[0]
    assert "`calico-peering/lab`: no changes" in shown
    assert "####" not in body


def test_reasons_of_a_failure_come_first() -> None:
    body = render_body(request(recorded("cluster-not-reached")))
    assert "the preview failed" in body.splitlines()[1]
    assert body.index("does not answer") < 400
    assert "an unhandled error occurred" not in body.partition("<details>")[0]


def test_drift_is_told_apart_from_what_the_request_changes() -> None:
    body = render_body(request(recorded("drift-and-change")))
    ports, _, drift = body.partition("#### Changed by hand")
    assert "`10.245.0.0/16` is added" in ports
    assert "`10.96.0.0/12`" not in ports.partition("#### Ports")[2]
    assert "`10.96.0.0/12` is missing from" in drift
    assert "`10.245.0.0/16`" not in drift.partition("<details>")[0]
    assert "2 only to put back" in render_body(request(recorded("drift"))).splitlines()[1]


def test_what_many_resources_violate_in_the_same_way_is_said_once() -> None:
    made = request(recorded("network-added"))
    many = tuple(Violation("mandatory", "address-pairs", "too wide", f"port{place}") for place in range(5))
    others = (Violation("advisory", "address-pairs", "too wide", "port9"), Violation("mandatory", "x", "y"))
    found = replace(made, preview=replace(made.preview, violations=(*many, *others)))
    lines = render_body(found).splitlines()
    assert "mandatory: address-pairs (port0, port1, port2 and 2 more): too wide" in lines
    assert "advisory: address-pairs (port9): too wide" in lines
    assert "mandatory: x: y" in lines
    assert render_short(found).count("policy address-pairs (mandatory): too wide") == 1


def test_debug_messages_and_providers_are_left_out() -> None:
    document = recorded("network-added")
    text = str(document)
    assert "pulumi:providers:" in text
    assert "'severity': 'debug'" in text
    preview = read_preview(events_of(document))
    assert not [step for step in preview.steps if step.type.startswith("pulumi:providers")]
    assert not [each for each in preview.diagnostics if each.severity == "debug"]

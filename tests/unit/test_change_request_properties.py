"""Whatever the engine says: the comment is within the limit, has no secret, and is only text."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.unit.recorded_previews import FULL, ORIGIN
from tools.change_request.body import LIMIT, UNLIMITED, Request, marker, render_body
from tools.change_request.engine import scrubber_of
from tools.change_request.markdown import code
from tools.change_request.preview import Diagnostic, Preview, Step, Violation
from tools.change_request.scrubbing import SHORTEST, Scrubber, secret_leaves
from tools.change_request.terminal import render_short

SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
# What would mean something, and what hides or ends something.
PIECES = [
    *"@octocat #1 !2 GH-3 &4 %5 ~bug ``` ` `````` ~~~ /close &amp; &#64; \\ $x$ **b** _i_ :+1:".split(),
    *"<script> --> </details> [a](javascript:b) ![i](http://x/y.png) https://example.org".split(),
    *("<!-- x -->", "# title", "- [ ] task", "| a | b |", " "),
    *("\n", "\r\n", "\t", "\x1b[31m", "\u202e", "\u2028", "\x00"),
]
OUTSIDE = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=12).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | OUTSIDE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(OUTSIDE, inner, max_size=4),
    max_leaves=8,
)
KINDS: list[dict[str, Any]] = [
    {},
    {"port_id": "p", "networks": ["10.0.0.0/8"]},
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "BGPPeer",
        "metadata": {"name": "a"},
        "spec": {"asNumber": 1},
    },
    {"object": "default", "lists": {"serviceClusterIPs": ["10.0.0.0/8"]}, "values": {"asNumber": 1}},
    {
        "create": "/router deliver bird",
        "stdin": "router id 1.2.3.4;\nprotocol device {\n}\nprotocol bgp a {\n  x;\n}\n",
    },
    {"create": "/router password", "stdin": "[secret]"},
    {"userData": "[secret]"},
    {"direction": "ingress", "protocol": "tcp"},
]


@st.composite
def properties(draw: st.DrawFn) -> dict[str, Any]:
    """Those of some kind of resource, with values from outside."""
    known = dict(draw(st.sampled_from(KINDS)))
    for key in list(known):
        if draw(st.integers(0, 3)) == 0:
            known[key] = draw(VALUES)
    return known | draw(st.dictionaries(OUTSIDE.filter(bool), VALUES, max_size=2))


STEPS = st.builds(
    Step,
    urn=OUTSIDE,
    type=OUTSIDE,
    operation=st.sampled_from(["create", "change", "replace", "delete", "import", "same"]),
    id=OUTSIDE,
    parent=OUTSIDE,
    before=properties(),
    found=properties(),
    after=properties(),
    outputs=st.dictionaries(st.sampled_from(["added"]), VALUES, max_size=1),
    named=st.frozensets(OUTSIDE, max_size=2),
    replaced_by=st.lists(OUTSIDE, max_size=2).map(tuple),
    gone=st.booleans(),
)
PREVIEWS = st.builds(
    Preview,
    steps=st.lists(STEPS, max_size=4).map(tuple),
    diagnostics=st.lists(
        st.builds(Diagnostic, st.sampled_from(["info", "warning", "error"]), OUTSIDE, OUTSIDE), max_size=4
    ).map(tuple),
    violations=st.lists(
        st.builds(Violation, st.sampled_from(["mandatory", "advisory"]), OUTSIDE, OUTSIDE, OUTSIDE),
        max_size=2,
    ).map(tuple),
    text=OUTSIDE,
    failed=st.booleans(),
)


def body(preview: Preview, limit: int = LIMIT) -> str:
    """The comment of a preview."""
    return render_body(Request("calico-peering", "lab", preview, ORIGIN, FULL), limit)


@given(PREVIEWS, st.integers(1, 3_000), st.integers(1, 3_000))
@SLOW
def test_the_limit_holds_and_the_cut_is_by_whole_lines(preview: Preview, lines: int, width: int) -> None:
    long = "\n".join(f"{place} {'x' * width}" for place in range(lines))[:400_000]
    told = tuple(Diagnostic("warning", long, str(place)) for place in range(3))
    preview = Preview(
        preview.steps * 20, (*preview.diagnostics, *told), preview.violations, long, preview.failed
    )
    text, full = body(preview), body(preview, UNLIMITED)
    assert len(text) <= LIMIT
    said = {line for line in text.splitlines() if "left out here" in line or line.startswith("Left out here")}
    # A text has all of its sections in its full form, and no other line.
    assert set(text.splitlines()) - said <= set(full.splitlines())
    assert (text == full) or said


@given(PREVIEWS)
@SLOW
def test_nothing_from_outside_means_anything(preview: Preview) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(body(preview))
    flat = [inner for token in tokens for inner in (token.children or [token])]
    for token in flat:
        if token.type in ("text", "html_block", "html_inline", "link_open", "image", "heading_open"):
            assert is_ours(token), (token.type, token.content)
    opened = sum(token.content.count("<details>") for token in flat if token.type == "html_block")
    closed = sum(token.content.count("</details>") for token in flat if token.type == "html_block")
    assert opened == closed


def is_ours(token: Token) -> bool:
    """Whether it is of this program's own words: no HTML but its own, and no reference."""
    if token.type in ("html_block", "html_inline"):
        left = token.content
        for known in (
            marker("calico-peering/lab"),
            *"<details> <summary> </summary> </details> <sub> </sub>".split(),
        ):
            left = left.replace(known, "")
        return "<" not in left
    if token.type == "heading_open":
        return token.tag in ("h3", "h4")
    return token.type == "text" and not any(sign in token.content for sign in "@#!<>`$~&\\\x1b\u202e")


@given(OUTSIDE)
def test_a_code_span_holds_all_of_a_text(text: str) -> None:
    [paragraph] = [
        each for each in MarkdownIt("commonmark").parse(f"a {code(text)} b") if each.type == "inline"
    ]
    kinds = [(each.type, each.content) for each in paragraph.children or []]
    assert [kind for kind, _ in kinds] == ["text", "code_inline", "text"]
    assert kinds[1][1] == code(text).strip("`").strip() or "`" in text


# As a password may be: printable ASCII; and of other kinds of settings anything.
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40) | st.text(
    min_size=8, max_size=40
).filter(lambda text: len(text.strip()) >= 8 and text.isprintable())


@given(PREVIEWS, SECRETS, st.integers(0, 5))
@SLOW
def test_no_secret_of_the_configuration_ever_appears(preview: Preview, secret: str, place: int) -> None:
    shown = " ".join(secret.split())
    assume(shown not in body(preview, UNLIMITED) + render_short(request_of(preview)))
    quoted = [
        secret,
        json.dumps({"a": secret}),
        repr(secret),
        f"x{secret}y",
        f"\x1b[1m{secret}\x1b[0m",
        f"'{secret}'",
    ][place]
    made = {"create": f"/router {quoted}", "metadata": {"name": quoted}, "networks": [quoted], quoted: quoted}
    step = Step(f"urn::{quoted}", "a:b:C", "change", id=quoted, before={}, found={}, after=made)
    told = Diagnostic("error", f"refused: {quoted}", quoted)
    leaking = Preview(
        (*preview.steps, step),
        (*preview.diagnostics, told),
        (Violation("mandatory", quoted, quoted, quoted),),
        preview.text + quoted,
        failed=True,
    )
    clean = scrubber_of({"calico-peering:bgpPassword": secret}, [], {}).clean(leaking)
    for text in (body(clean), body(clean, UNLIMITED), render_short(request_of(clean))):
        assert secret not in text
        assert shown not in " ".join(text.split())


def request_of(preview: Preview) -> Request:
    """What a body is made of."""
    return Request("calico-peering", "lab", preview, ORIGIN, FULL)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----",
        '"-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA\\n-----END RSA PRIVATE KEY-----"',
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4",
        "dGhpcyBpcyBhIGxvbmcgc2VjcmV0IHRoYXQgaXMgd3JpdHRlbiBpbiBiYXNlNjQ0MTI=",
    ],
)
def test_what_looks_like_a_key_is_taken_out(text: str) -> None:
    cleaned = Scrubber([]).text(f"before {text} after")
    assert cleaned.startswith("before ")
    assert "[secret]" in cleaned
    for word in ("b3BlbnNza", "MIIE", "SflKx", "dGhpcyBpc"):
        assert word not in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "urn:pulumi:lab::calico-peering::calico-peering:index:ExternalPeering$kubernetes:projectcalico.org/v3:BGPPeer::a",
        "75507abf-5dce-4fc2-9c46-20f951164f45",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "/usr/lib/python3/dist-packages/Example1/Example2/package/module",
        "calico-peering:nodeNetwork: found '172.34.8.0/33', which is not a network",
    ],
)
def test_what_is_no_key_stays(text: str) -> None:
    assert Scrubber([]).text(text) == text


def test_of_an_object_only_what_the_engine_masks_is_secret() -> None:
    value = json.dumps({"gateway": {"machineAddress": "172.34.8.45", "bgpPassword": "correct horse"}})
    shown = json.dumps({"gateway": {"machineAddress": "172.34.8.45", "bgpPassword": "[secret]"}})
    assert secret_leaves(value, shown) == ["correct horse"]
    assert secret_leaves(value) == ["172.34.8.45", "correct horse"]
    assert secret_leaves("12345678") == ["12345678"]


def test_secrets_of_the_environment_are_taken_out() -> None:
    scrubber = scrubber_of(
        {}, [], {"GITHUB_TOKEN": "ghs_0123456789", "HOME": "/home/alice", "OS_PASSWORD": "x" * (SHORTEST - 1)}
    )
    assert scrubber.text("ghs_0123456789 /home/alice xxx") == "[secret] /home/alice xxx"

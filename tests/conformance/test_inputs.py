"""The check of inputs: what is filled in, kept secret, refused, and left open in a preview."""

from typing import Any

import pytest

from tests.conformance.plugin import COMMAND, COPY, CheckError, Plugin
from tests.conformance.wire import (
    UNKNOWN,
    UNKNOWN_ASSET,
    Properties,
    is_secret,
    is_unknown,
    revealed,
    secret,
    text_asset,
)

HOST: Properties = {"connection": {"host": "machine"}}


def test_connection_gets_its_defaults(plugin: Plugin) -> None:
    proxy = {"host": "bastion"}
    checked = revealed(plugin.check(COMMAND, {"connection": {"host": "machine", "proxy": proxy}}))
    defaults = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}
    assert checked == {"connection": defaults | {"host": "machine", "proxy": defaults | {"host": "bastion"}}}


def test_zeros_are_not_replaced_by_defaults(plugin: Plugin) -> None:
    given = {"host": "machine", "user": "", "port": 0, "dialErrorLimit": 0, "perDialTimeout": 0}
    assert revealed(plugin.check(COMMAND, {"connection": given})) == {"connection": given}


def test_connection_and_its_keys_are_secret(plugin: Plugin) -> None:
    given = {"host": "machine", "password": "p", "privateKey": "k", "privateKeyPassword": "w"}
    connection = plugin.check(COMMAND, {"connection": given})["connection"]
    assert is_secret(connection)
    hidden = {name for name, value in connection["value"].items() if is_secret(value)}
    assert hidden == {"password", "privateKey", "privateKeyPassword"}


def test_given_secrets_stay_secret(plugin: Plugin) -> None:
    inputs = HOST | {"stdin": secret("s"), "triggers": [1, secret("t"), {"deep": secret(["u"])}]}
    checked = plugin.check(COMMAND, inputs)
    assert checked["stdin"] == secret("s")
    assert checked["triggers"] == inputs["triggers"]


@pytest.mark.parametrize(
    ("inputs", "wrong", "said"),
    [
        ({}, "connection", "Missing required field 'connection' on 'remote.CommandInputs'"),
        (
            {"connection": {"user": "root"}},
            "connection",
            "An error occurred decoding 'CommandInputs.connection': 1 failures decoding:"
            "\n\thost: Missing required field 'host' on 'remote.Connection'",
        ),
        (
            HOST | {"creat": "true"},
            "creat",
            "Unrecognized field 'creat' on 'remote.CommandInputs'",
        ),
        (
            HOST | {"create": 3},
            "create",
            "Field 'create' on 'remote.CommandInputs' must be a 'string'; got 'float64' instead",
        ),
        (
            {"connection": {"host": "machine", "port": "22"}},
            "connection",
            "An error occurred decoding 'CommandInputs.connection': 1 failures decoding:"
            "\n\tport: Field 'port' on 'remote.Connection' must be a 'float64'; got 'string' instead",
        ),
        (
            HOST | {"environment": {"A": 1}},
            "environment[A] value",
            "Field 'environment[A] value' on 'remote.CommandInputs' must be a 'string';"
            " got 'float64' instead",
        ),
        (
            HOST | {"triggers": "now"},
            "triggers",
            "Field 'triggers' on 'remote.CommandInputs' must be a '[]interface {}'; got 'string' instead",
        ),
    ],
)
def test_wrong_inputs_are_refused(plugin: Plugin, inputs: Properties, wrong: str, said: str) -> None:
    with pytest.raises(CheckError) as refused:
        plugin.check(COMMAND, inputs)
    assert refused.value.failures == {wrong: said}


def test_unknowns_pass(plugin: Plugin) -> None:
    inputs = {
        "connection": {"host": UNKNOWN},
        "create": UNKNOWN,
        "triggers": [UNKNOWN],
        "environment": {"A": UNKNOWN},
    }
    checked = plugin.check(COMMAND, inputs)
    assert is_unknown(revealed(checked)["connection"]["host"])
    assert {key: checked[key] for key in inputs if key != "connection"} == {
        key: value for key, value in inputs.items() if key != "connection"
    }


def test_unknown_secrets_stay_secret(plugin: Plugin) -> None:
    checked = plugin.check(COMMAND, HOST | {"stdin": secret(UNKNOWN)})
    assert is_secret(checked["stdin"])


@pytest.mark.parametrize(
    ("source", "wrong", "said"),
    [
        (UNKNOWN, "asset", "either asset or archive must be set"),
        (UNKNOWN_ASSET, "asset", "either asset or archive must be set"),
        ("path", "asset", "either asset or archive must be set"),
        (
            text_asset("") | {"text": "", "uri": "https://example.org/"},
            "asset",
            "asset must be a path-based file asset or a text asset",
        ),
    ],
    ids=["unknown", "unknown-asset", "text", "address"],
)
def test_copy_wants_an_asset_it_can_read_now(plugin: Plugin, source: Any, wrong: str, said: str) -> None:
    """An asset built from an output that is not known yet fails the preview."""
    with pytest.raises(CheckError) as refused:
        plugin.check(COPY, HOST | {"remotePath": "/file", "source": source})
    assert refused.value.failures == {wrong: said}


def test_copy_names_what_is_missing(plugin: Plugin) -> None:
    with pytest.raises(CheckError) as refused:
        plugin.check(COPY, HOST | {"source": text_asset("text")})
    assert refused.value.failures == {
        "remotePath": "Missing required field 'remotePath' on 'remote.CopyToRemoteInputs'"
    }

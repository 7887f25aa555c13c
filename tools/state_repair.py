"""Repairs an exported state of this program: after a lost passphrase, and after a lost state.

    pulumi stack export | python -m tools.state_repair blank-secrets STACK_FILE > repaired.json
    pulumi stack export | python -m tools.state_repair claim 192.168.0.0/16 10.96.0.0/12 > repaired.json
    pulumi stack import --file repaired.json

docs/state.md says when. It reads a state from standard input and writes another one; what it changed goes to
standard error. Needs nothing but Python's own library.
"""

import argparse
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

State = dict[str, Any]

# How the engine writes a secret (github.com/pulumi/pulumi, sdk/go/common/resource/sig).
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
SALT = "encryptionsalt:"
# What the plugins read as an object. Everything else that is a secret here is a text.
OBJECTS: dict[str, State] = {"connection": {"host": ""}, "data": {}, "stringData": {}}


class RepairError(Exception):
    """What a person gave does not fit."""


def read_salt(stack_file: str) -> str:
    """The salt in the text of a stack file.

    Raises:
        RepairError: when there is none.
    """
    for line in stack_file.splitlines():
        if line.startswith(SALT):
            return line.removeprefix(SALT).strip()
    raise RepairError(
        f"no salt in the stack file: expected a line `{SALT} v1:…`. Set a secret with the new"
        " passphrase first (`pulumi config set --secret`)"
    )


def blank_secrets(state: State, salt: str) -> int:
    """Replace every secret by an empty one and the passphrase's salt by another; returns how many secrets.

    The engine encrypts the empty ones when it imports the state.

    Raises:
        RepairError: when the state is not encrypted with a passphrase.
    """
    deployment = state["deployment"]
    provider = deployment.get("secrets_providers") or {}
    if provider.get("type") != "passphrase":
        raise RepairError(
            f"the state's secrets provider: expected passphrase, found {provider.get('type', 'none')}."
            " Its key is not a passphrase and cannot be replaced here"
        )
    count = 0

    def blank(value: Any, key: str = "") -> Any:
        nonlocal count
        if isinstance(value, dict):
            if value.get(SIGNATURE) == SECRET:
                count += 1
                return {SIGNATURE: SECRET, "plaintext": json.dumps(OBJECTS.get(key, ""))}
            return {name: blank(one, name) for name, one in value.items()}
        return [blank(one) for one in value] if isinstance(value, list) else value

    state["deployment"] = blank(deployment)
    state["deployment"]["secrets_providers"]["state"] = {"salt": salt}
    return count


def claim(state: State, keys: Collection[str]) -> list[str]:
    """Record networks and list entries as this stack's that the state records as there before it.

    Returns a line about each. What other keys say stays as it is.
    """
    claimed = []
    for resource in state["deployment"].get("resources", []):
        kind, outputs = resource["type"].rpartition(":")[2], resource.get("outputs") or {}
        if kind == "PortsBefore" and set(outputs.get("networks") or []) & set(keys):
            outputs["before"] = []
        elif kind == "PortPairs":
            added = outputs.get("added") or []
            new = [one for one in outputs.get("networks") or [] if one in keys and one not in added]
            outputs["added"] = [*added, *new]
            for one in (outputs, resource.get("inputs") or {}):
                one["before"] = [key for key in one.get("before") or [] if key not in keys]
            claimed += [f"port {outputs.get('port_id')}: {one}" for one in new]
        elif kind == "DefaultBefore" and outputs.get("place", "").partition("/")[2] in keys:
            outputs["listed"] = False
        elif kind == "BgpConfigurationPart":
            claimed += _claim_entries(outputs, keys)
    return claimed


def _claim_entries(outputs: State, keys: Collection[str]) -> list[str]:
    added, claimed = dict(outputs.get("added") or {}), []
    for field, entries in (outputs.get("lists") or {}).items():
        had = added.get(field) or []
        new = [one for one in entries if one in keys and one not in had]
        if new:
            added[field] = [*had, *new]
        claimed += [f"BGPConfiguration {outputs.get('object')}, {field}: {one}" for one in new]
    outputs["added"] = added
    return claimed


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.state_repair", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    blanked = commands.add_parser("blank-secrets", help="after a lost passphrase")
    blanked.add_argument("stack_file", type=Path, help="the stack file, with a secret of the new passphrase")
    claimed = commands.add_parser("claim", help="after a lost state")
    claimed.add_argument("keys", nargs="+", help="networks, as the state writes them")
    given = parser.parse_args(arguments)
    state = json.load(sys.stdin)
    try:
        if given.command == "blank-secrets":
            report = [
                f"{blank_secrets(state, read_salt(given.stack_file.read_text()))} secrets are empty now"
            ]
        else:
            report = claim(state, given.keys) or ["nothing to claim: the state has no such entry of others"]
    except RepairError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    json.dump(state, sys.stdout, indent=4)
    print(*report, sep="\n", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

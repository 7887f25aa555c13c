"""Reads ports and security groups from the lab's Neutron and prints each new state as a JSON line.

Runs in namespace `mgmt`, from where the API is reached, as `python -m lab.hypervisor.reporter NEUTRON`:
the folder with Neutron's database. Real agents are told of changes by messages, and there is no
message queue here. Asking twice a second would cost a tenth of a core, so it asks when the database's
files have changed, and every REPEAT seconds all the same.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from keystoneauth1.exceptions import ClientException
from openstack import connect
from openstack.connection import Connection
from openstack.exceptions import SDKException

from lab.openstack.databases import NEUTRON

# Seconds: between two looks at the files, between two questions at least and at most.
LOOK = 0.05
PAUSE = 0.25
REPEAT = 10.0

QUESTIONS = {"ports": "/ports", "security_groups": "/security-groups", "address_groups": "/address-groups"}


def ask(cloud: Connection) -> dict[str, Any]:
    """The API's answers, as they are."""
    answers = {}
    for name, path in QUESTIONS.items():
        answer = cloud.network.get(path)
        answer.raise_for_status()
        answers[name] = answer.json()[name]
    return answers


def written(folder: Path) -> list[tuple[int, int]]:
    """Changes whenever something was written to Neutron's database."""
    found = []
    for name in (NEUTRON, f"{NEUTRON}-wal"):
        try:
            status = os.stat(folder / name)
        except FileNotFoundError:
            continue
        found.append((status.st_mtime_ns, status.st_size))
    return found


def main(folder: Path) -> None:
    """Report until nobody reads any more."""
    cloud = connect(cloud="admin")
    said, seen, asked = "", None, 0.0
    while True:
        now, mark = time.monotonic(), written(folder)
        if now - asked > REPEAT or (mark != seen and now - asked > PAUSE):
            asked = now
            try:
                text = json.dumps(ask(cloud), sort_keys=True)
                seen = mark
            except (SDKException, ClientException, OSError) as error:
                print(f"the lab's Neutron does not answer, asked again: {error}", file=sys.stderr, flush=True)
                text = said
            if text != said:
                said = text
                print(text, flush=True)
        time.sleep(LOOK)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BrokenPipeError:
        sys.exit("the enforcer has ended")

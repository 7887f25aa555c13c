"""Reads ports and security groups from the lab's Neutron and prints each new state as a JSON line.

Runs in namespace `mgmt`, from where the API is reached, as `python -m lab.hypervisor.reporter NEUTRON`:
Neutron's database, which is only watched (lab/hypervisor/watch.py).
"""

import json
import sys
from pathlib import Path
from typing import Any

from keystoneauth1.exceptions import ClientException
from openstack import connect
from openstack.connection import Connection
from openstack.exceptions import SDKException

from lab.hypervisor.watch import Watch

QUESTIONS = {"ports": "/ports", "security_groups": "/security-groups", "address_groups": "/address-groups"}


def ask(cloud: Connection) -> dict[str, Any]:
    """The API's answers, as they are."""
    answers = {}
    for name, path in QUESTIONS.items():
        answer = cloud.network.get(path)
        answer.raise_for_status()
        answers[name] = answer.json()[name]
    return answers


def main(database: Path) -> None:
    """Report until nobody reads any more."""
    cloud, watch, said = connect(cloud="admin"), Watch(database), ""
    while True:
        watch.wait()
        try:
            text = json.dumps(ask(cloud), sort_keys=True)
        except (SDKException, ClientException, OSError) as error:
            print(f"the lab's Neutron does not answer, asked again: {error}", file=sys.stderr, flush=True)
            watch.again()
            continue
        if text != said:
            said = text
            print(text, flush=True)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BrokenPipeError:
        sys.exit("the enforcer has ended")

"""Application credentials of the program's own user, with a role and access rules, for the tests of rights.

A rule is written as docs/openstack.md has it: `GET /v2.0/ports`, or with the service's type in front where
that is not `network`: `compute GET /v2.1/servers/detail`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import openstack
from openstack.connection import Connection
from openstack.identity.v3._proxy import Proxy
from openstack.identity.v3.application_credential import ApplicationCredential

from lab.openstack.serving import KEYSTONE_URL, REGION

Entry = dict[str, Any]
MakeEntry = Callable[[str, Sequence[str]], Entry]


@contextmanager
def entries() -> Iterator[MakeEntry]:
    """Makes an entry of clouds.yaml for a role and rules (none: every call); what was made goes."""
    own = openstack.connect(cloud="lab")
    identity = cast(Proxy, own.identity)
    user = str(own.session.get_user_id())
    made: list[ApplicationCredential] = []

    def make(role: str, rules: Sequence[str]) -> Entry:
        more = {"access_rules": [_rule(rule) for rule in rules]} if rules else {}
        name = f"least-{len(made)}"
        one = identity.create_application_credential(user, name, roles=[{"name": role}], **more)
        made.append(one)
        return {
            "auth_type": "v3applicationcredential",
            "auth": {
                "auth_url": KEYSTONE_URL,
                "application_credential_id": one.id,
                "application_credential_secret": one.secret,
            },
            "region_name": REGION,
            "identity_api_version": "3",
        }

    try:
        yield make
    finally:
        for one in made:
            identity.delete_application_credential(user, one)


def connected(entry: Entry) -> Connection:
    """A connection by an entry, looking at nothing in the environment."""
    return openstack.connect(load_yaml_config=False, load_envvars=False, **entry)


def _rule(text: str) -> dict[str, str]:
    method, path = text.split()[-2:]
    service = text.split()[0] if len(text.split()) == 3 else "network"
    return {"service": service, "method": method, "path": path}

"""The least rights at the cluster, as docs/rbac has them: enough for all, and each is told when missing.

A service account with exactly these roles does what a person would, with the real engine.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.calico.calico_api import connect
from components.calico.rights import Right, Rights, lacking
from components.cluster_preflight import check_rights, cluster_rights
from components.settings.site import KEYS, Site, read_site
from components.shared.provider_errors import ProviderError
from lab.external import External
from lab.layout import PROJECT, Layout
from tests.integration.account import Account, Role
from tests.integration.conftest import Calico, Changed, Stack, bird_routes, poll

SETTINGS = {"nodesFromCluster": True, "nodes": []}
OPTION = "PULUMI_OPTION_CONFIG_FILE"


def roles(file: str) -> list[Role]:
    """What a file of docs/rbac has."""
    return [one for one in yaml.safe_load_all((PROJECT / "docs" / "rbac" / file).read_text()) if one]


PREVIEW, UP = roles("preview.yaml"), roles("up.yaml")


@pytest.fixture(scope="module")
def site(layout: Layout, user: Account) -> Site:
    """The stack's settings, with all that needs a right, and the account's kubeconfig."""
    return site_of(layout, user, bgpPassword="of-the-test", nodesFromCluster="true", nodes="")


def site_of(layout: Layout, user: Account, **changes: str) -> Site:
    """The stack's settings with changes, and the account's kubeconfig."""
    plain = yaml.safe_load((layout.stack / "Pulumi.lab.yaml").read_text())["config"]
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key in KEYS
        if isinstance(value := plain.get(f"calico-peering:{key}"), str | int | list)
    }
    return read_site({**texts, **changes, "kubeconfig": str(user.kubeconfig)})


def lacking_to_preview(every: Rights) -> set[Right]:
    """What the roles for previews lack; one of them, for hints, may list what `up` has to."""
    return set(every.write - every.read) - {Right("projectcalico.org", "bgppeers", "list")}


def missing(site: Site, user: Account) -> set[Right]:
    rights = cluster_rights(site, "")
    return set(lacking(connect(str(user.kubeconfig)), rights.read | rights.write))


def wait_without(site: Site, user: Account, verb: str, resource: str) -> None:
    """The account lacks this, and no more."""
    poll(
        f"an account without {verb} on {resource}",
        lambda: {(one.verb, one.resource) for one in missing(site, user)} == {(verb, resource)},
    )


def told(site: Site, writing: bool = True) -> list[str]:
    """The rights that are named in the error of an `up`, or of a preview."""
    with pytest.raises(ProviderError) as caught:
        check_rights(site, writing)
    return [line.strip() for line in str(caught.value).splitlines() if line.startswith("  ")]


def each_without_one(all_roles: list[Role]) -> Iterator[tuple[str, list[Role]]]:
    """The roles with one verb on one resource less, each in turn."""
    for place, role in enumerate(all_roles):
        for number, rule in enumerate(role["rules"]):
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    less = copy.deepcopy(all_roles)
                    others = [one for one in rule["resources"] if one != resource]
                    own: dict[str, Any] = less[place]["rules"][number]
                    own["resources"] = [resource]
                    own["verbs"] = [one for one in rule["verbs"] if one != verb]
                    more = [{**rule, "resources": others}] if others else []
                    less[place]["rules"] = [one for one in [*less[place]["rules"], *more] if one["verbs"]]
                    yield f"{verb} {resource}", less


def test_previews_and_updates_and_destroys_with_these_roles(
    bare_stack: Stack,
    changed: Changed,
    user: Account,
    site: Site,
    calico: Calico,
    machine: External,
    tmp_path: Path,
) -> None:
    bare_stack.destroy()
    its = {**changed(**SETTINGS), "KUBECONFIG": str(user.kubeconfig)}
    bare_stack.run("config", "set", "--secret", "bgpPassword", "of-the-test", environment=its)
    every = cluster_rights(site, "")

    user.may(PREVIEW)
    poll("the roles for previews", lambda: missing(site, user) == lacking_to_preview(every))
    first = bare_stack.run("preview", environment=its)
    assert "BGPPeer" in first.stdout and "Secret" in first.stdout
    refused = bare_stack.run("up", "--yes", "--skip-preview", environment=its, check=False)
    text = refused.stdout + refused.stderr
    assert refused.returncode != 0 and "Traceback" not in text
    for right in lacking_to_preview(every):
        assert str(right) in text
    for right in every.read:
        assert f"{right}\n" not in text
    assert calico.find("bgppeers", "bgppeer-external") is None
    assert machine.run("test", "-e", "/var/lib/calico-peering", check=False).returncode == 1

    user.may(UP)
    poll("the roles for updates", lambda: not missing(site, user))
    bare_stack.run("up", "--yes", "--skip-preview", environment=its)
    assert len(bird_routes(machine)) == 3
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=its)

    user.may(PREVIEW)
    poll("the roles for previews", lambda: missing(site, user) == lacking_to_preview(every))
    bare_stack.run("preview", "--expect-no-changes", environment=its)
    other = tmp_path / "Pulumi.other.yaml"
    other.write_text(Path(its[OPTION]).read_text().replace("65112", "65113"))
    assert "update" in bare_stack.run("preview", environment={**its, OPTION: str(other)}).stdout

    user.may(UP)
    poll("the roles for updates", lambda: not missing(site, user))
    bare_stack.run("destroy", "--yes", "--skip-preview", environment=its)
    assert calico.find("bgppeers", "bgppeer-external") is None
    assert bird_routes(machine) == {}


def test_a_right_that_is_missing_is_named_and_no_other(site: Site, user: Account) -> None:
    for what, roles_but_one in each_without_one(UP):
        verb, resource = what.split()
        user.may(roles_but_one)
        wait_without(site, user, verb, resource)
        lines = told(site)
        assert lines and all(line.startswith(f"{verb} {resource}") for line in lines), (what, lines)


def test_who_may_nothing_is_told_all_at_once(site: Site, user: Account) -> None:
    user.may([])
    every = cluster_rights(site, "")
    poll("an account without rights", lambda: missing(site, user) == every.read | every.write)
    assert set(told(site)) == {str(one) for one in every.read | every.write}

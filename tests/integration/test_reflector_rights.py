"""The least rights at the cluster with route reflectors: docs/rbac/reflectors.yaml beside the other two.

As in test_cluster_rights.py, whose words are used here. `nodes` may be listed by up.yaml for another setting
as well; that rule is left out, so that what is missing here is missed.
"""

from functools import partial
from typing import Any

import pytest

from components.calico.rights import Right
from components.cluster_preflight import cluster_rights
from components.settings.site import Site
from lab.layout import Layout
from tests.integration.account import Account, Role
from tests.integration.conftest import Calico, Changed, Stack, poll
from tests.integration.reflected import (
    PEER_NAME,
    REFLECTORS,
    SETTINGS,
    all_meshed,
    all_reflected,
    assert_nothing_left,
    blocks_without_overlay,
    marks,
)
from tests.integration.test_cluster_rights import (
    each_without_one,
    lacking_to_preview,
    missing,
    roles,
    site_of,
    told,
)


def without_nodes(role: Role) -> Role:
    """The role without the rule for `nodes` that is for another setting."""
    return {**role, "rules": [rule for rule in role["rules"] if rule["resources"] != ["nodes"]]}


TO_PREVIEW, TO_UPDATE = roles("reflectors.yaml")
# The second role of up.yaml is for a password.
PREVIEW = [without_nodes(role) for role in roles("preview.yaml")]
UP = [without_nodes(role) for role in roles("up.yaml") if role["kind"] == "ClusterRole"]


@pytest.fixture(scope="module")
def site(layout: Layout, user: Account) -> Site:
    """The stack's settings with reflectors, and the account's kubeconfig."""
    return site_of(layout, user, reflectorNodes='["node3", "node4"]')


@pytest.mark.extra("node-status")
def test_previews_and_updates_and_destroys_with_these_roles(
    bare_stack: Stack, changed: Changed, user: Account, site: Site, calico: Calico
) -> None:
    bare_stack.destroy()
    settings: dict[str, Any] = {**SETTINGS, "nodePortNetwork": ""}
    its = {**changed(**settings), "KUBECONFIG": str(user.kubeconfig)}
    every = cluster_rights(site, "")

    def may_preview() -> None:
        user.may([*PREVIEW, TO_PREVIEW])
        poll("the roles for previews", lambda: missing(site, user) == lacking_to_preview(every))

    def may_update() -> None:
        user.may([*UP, TO_UPDATE])
        poll("the roles for updates", lambda: not missing(site, user))

    with blocks_without_overlay(calico):
        may_preview()
        assert "NodeMark" in bare_stack.run("preview", environment=its).stdout
        refused = bare_stack.run("up", "--yes", "--skip-preview", environment=its, check=False)
        text = refused.stdout + refused.stderr
        assert refused.returncode != 0 and "Traceback" not in text
        for right in lacking_to_preview(every):
            assert str(right) in text
        assert all(marks(node) == (None, None) for node in REFLECTORS)
        assert calico.find("bgppeers", PEER_NAME) is None

        may_update()
        bare_stack.run("up", "--yes", "--skip-preview", environment=its)
        assert all_reflected()
        may_preview()
        bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=its)
        may_update()
        bare_stack.run("destroy", "--yes", "--skip-preview", environment=its)
        assert all_meshed()
    assert_nothing_left(calico)


def lacks(site: Site, user: Account, asked: frozenset[Right], what: str) -> bool:
    """Whether of what is asked for the account lacks this, and no more."""
    return {f"{one.verb} {one.resource}" for one in missing(site, user) & asked} == {what}


@pytest.mark.parametrize("writing", [True, False], ids=["up", "preview"])
def test_a_right_that_is_missing_is_named_and_no_other(site: Site, user: Account, writing: bool) -> None:
    every = cluster_rights(site, "")
    asked = every.read | every.write if writing else every.read
    role, beside = (TO_UPDATE, UP) if writing else (TO_PREVIEW, PREVIEW)
    for what, roles_but_one in each_without_one([role]):
        user.may([*beside, *roles_but_one])
        poll(f"an account that lacks {what}", partial(lacks, site, user, asked, what))
        lines = told(site, writing)
        assert lines and all(line.startswith(what) for line in lines), (what, lines)

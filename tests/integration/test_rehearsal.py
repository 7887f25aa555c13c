"""From a pull request to the route, and from drift to its repair: GitHub's workflows, run for real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.external import External
from lab.layout import Layout
from tests.integration.conftest import Calico, Stack
from tests.integration.workflow_runs import Site, make_site
from tests.on_the_lab import bird_routes, poll
from tests.unit.repository_servers import repository_server

NETWORKS = ["10.96.0.0/12", "10.112.0.0/16"]
REPOSITORY = {"repository": {"full_name": "octo/site"}}


@pytest.fixture
def site(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The repository, and its forge."""
    for name in ("PULUMI_OPTION_CONFIG_FILE", "PULUMI_STACK"):
        monkeypatch.delenv(name, raising=False)
    with repository_server("github") as forge:
        yield make_site(tmp_path, layout, forge)


def comments(site: Site) -> list[str]:
    """The bodies of all comments on the pull request."""
    return [str(each["body"]) for each in site.forge.comments]


def test_a_change_is_previewed_applied_from_its_plan_and_watched(
    stack: Stack, site: Site, machine: External, calico: Calico
) -> None:
    """Longer than a minute: eight workflows, each with a run of `pulumi` or two."""
    base = site.git("rev-parse", "HEAD")

    # A network more, and a filter that is open: a policy stops it, after the comment.
    site.git("checkout", "--quiet", "-b", "more")
    site.set(serviceNetworks=NETWORKS, importPolicy="all")
    (site.folder / "policies/levels/lab.json").write_text('{"import-all": "mandatory"}\n')
    site.commit("a network more")
    stopped = site.pull_request(base)
    assert stopped.returncode != 0, stopped.stdout
    (comment,) = comments(site)
    assert "stopped by a policy" in comment and "import-all" in comment, stopped.stdout

    # Mended: the same comment says what is done now.
    site.set(importPolicy=None)
    site.commit("mended")
    mended = site.pull_request(base)
    assert mended.returncode == 0, mended.stdout
    (comment,) = comments(site)
    assert "2 to create, 8 to change" in comment
    assert f"`{NETWORKS[1]}` is added to the allowed address pairs of 4 ports of 4" in comment
    assert NETWORKS[1] not in bird_routes(machine)

    # Merged: applied from the plan, and the route is there.
    site.git("checkout", "--quiet", "main")
    site.git("merge", "--quiet", "--squash", "more")
    site.forge.merged = site.commit("a network more (#7)")
    applied = site.push(base)
    assert applied.returncode == 0, applied.stdout
    assert "Previewing anew" not in applied.stdout
    assert "update from the reviewed plan done in" in comments(site)[1]
    assert "2 created, 8 changed" in comments(site)[1]
    poll("the route", lambda: NETWORKS[1] in bird_routes(machine))

    # Somebody deletes an object; the nightly job reports exactly that.
    calico.delete("bgppeers", "bgppeer-external")
    night = site.run("schedule", "drift.yml", REPOSITORY)
    assert night.returncode != 0
    (issue,) = site.forge.open_issues()
    assert issue["title"] == "Drift: calico-peering/lab"
    assert "1 to create" in issue["body"] and "`BGPPeer` `bgppeer-external` is made again" in issue["body"]

    # Repaired by hand, with its confirmation, and the issue is closed.
    inputs = {"action": "up", "stack": "lab", "confirmation": "up production"}
    refused = site.run("workflow_dispatch", "operate.yml", {"inputs": inputs, **REPOSITORY})
    assert refused.returncode != 0 and "expected 'up lab', found 'up production'" in refused.stdout
    assert calico.find("bgppeers", "bgppeer-external") is None
    done = site.run(
        "workflow_dispatch", "operate.yml", {"inputs": inputs | {"confirmation": "up lab"}, **REPOSITORY}
    )
    assert done.returncode == 0, done.stdout
    assert calico.find("bgppeers", "bgppeer-external")
    night = site.run("schedule", "drift.yml", REPOSITORY)
    assert night.returncode == 0, night.stdout
    assert not site.forge.open_issues()

    # No secret in any output.
    secrets = [
        (site.layout.stack / "passphrase").read_text().strip(),
        *machine.login_key.read_text().split("\n")[1:-2],
    ]
    for text in (stopped.stdout, mended.stdout, applied.stdout, night.stdout, done.stdout, *comments(site)):
        assert not [secret for secret in secrets if secret in text]


def test_a_plan_that_fits_no_longer_is_refused_and_asked_for_again(
    stack: Stack, site: Site, machine: External
) -> None:
    """Longer than a minute: three workflows, and six runs of `pulumi`."""
    base = site.git("rev-parse", "HEAD")
    site.git("checkout", "--quiet", "-b", "more")
    site.set(serviceNetworks=NETWORKS)
    site.commit("a network more")
    assert site.pull_request(base).returncode == 0
    # Meanwhile main goes on, in the same stack.
    site.git("checkout", "--quiet", "main")
    site.set(importLimit=77)
    meanwhile = site.commit("another limit")
    site.set(serviceNetworks=NETWORKS)
    site.forge.merged = site.commit("a network more (#7)")
    # The environment's approval of the job `again` is the forge's; act runs it at once.
    applied = site.push(meanwhile)
    assert applied.returncode == 0, applied.stdout
    assert "Previewing anew" in applied.stdout
    preview, update = comments(site)
    assert "import limit 77 action block" in preview
    assert "update from the new plan done in" in update
    assert "import limit 77 action block" in machine.run("cat", "/etc/bird/bird.conf").stdout
    poll("the route", lambda: NETWORKS[1] in bird_routes(machine))

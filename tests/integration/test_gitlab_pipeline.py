"""GitLab's jobs, run for real: comment, update from the reviewed plan, an issue for drift, and its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.external import External
from lab.layout import Layout
from tests.integration.conftest import Calico, Stack
from tests.integration.pipeline_runs import MERGE_REQUEST, PUSH, SCHEDULE, WEB, run_job
from tests.integration.workflow_runs import Site, make_site
from tests.on_the_lab import bird_routes, poll
from tests.unit.repository_servers import repository_server

pytestmark = pytest.mark.extra("gitlab-runner")
NETWORKS = ["10.96.0.0/12", "10.112.0.0/16"]


@pytest.fixture
def site(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The repository, and its forge, which has the files that jobs leave in the repository's folder."""
    for name in ("PULUMI_OPTION_CONFIG_FILE", "PULUMI_STACK"):
        monkeypatch.delenv(name, raising=False)
    with repository_server("gitlab") as forge:
        made = make_site(tmp_path, layout, forge)
        made.git("remote", "add", "origin", "git@gitlab.example.org:group/site.git")
        forge.artifacts = {"change-request-lab": made.folder}
        yield made


def test_a_merge_request_is_previewed_applied_and_watched(
    stack: Stack, site: Site, machine: External, calico: Calico
) -> None:
    """Longer than a minute: seven jobs, each with a run of `pulumi`."""
    base = site.git("rev-parse", "HEAD")
    site.git("checkout", "--quiet", "-b", "more")
    site.set(serviceNetworks=NETWORKS)
    site.forge.head = site.commit("a network more")

    unchanged = run_job(site, "preview", CI_MERGE_REQUEST_DIFF_BASE_SHA="HEAD", **MERGE_REQUEST)
    assert unchanged.returncode == 0 and "does not touch lab" in unchanged.stdout, unchanged.stdout
    assert not site.forge.comments
    preview = run_job(site, "preview", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **MERGE_REQUEST)
    assert preview.returncode == 0, preview.stdout
    (comment,) = site.forge.comments
    assert f"`{NETWORKS[1]}` is added to the allowed address pairs of 4 ports of 4" in comment["body"]

    site.git("checkout", "--quiet", "main")
    site.git("merge", "--quiet", "--squash", "more")
    site.forge.merged = site.commit("a network more (!7)")
    applied = run_job(site, "apply", CI_COMMIT_BEFORE_SHA=base, **PUSH)
    assert applied.returncode == 0, applied.stdout
    assert "update from the reviewed plan done in" in site.forge.comments[1]["body"]
    poll("the route", lambda: NETWORKS[1] in bird_routes(machine))

    calico.delete("bgppeers", "bgppeer-external")
    night = run_job(site, "drift", **SCHEDULE)
    assert night.returncode != 0
    (issue,) = site.forge.open_issues()
    assert "`BGPPeer` `bgppeer-external` is made again" in issue["description"]
    repaired = run_job(site, "operate", ACTION="up", CONFIRMATION="up lab", **WEB)
    assert repaired.returncode == 0, repaired.stdout
    assert calico.find("bgppeers", "bgppeer-external")
    night = run_job(site, "drift", **SCHEDULE)
    assert night.returncode == 0, night.stdout
    assert not site.forge.open_issues()


def test_a_refused_plan_is_previewed_anew_and_waits(stack: Stack, site: Site, machine: External) -> None:
    """Longer than a minute: three jobs, with five runs of `pulumi`."""
    base = site.git("rev-parse", "HEAD")
    site.set(serviceNetworks=NETWORKS)
    site.forge.head = site.commit("a network more")
    preview = run_job(site, "preview", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **MERGE_REQUEST)
    assert preview.returncode == 0, preview.stdout
    site.set(importLimit=77)
    site.forge.merged = site.commit("a network more (!7), and another limit")
    refused = run_job(site, "apply", CI_COMMIT_BEFORE_SHA=base, **PUSH)
    # A warning on the pipeline, not its end.
    assert refused.returncode == 0 and "Previewing anew" in refused.stdout, refused.stdout
    assert "refused, nothing was written" in site.forge.comments[1]["body"]
    assert NETWORKS[1] not in bird_routes(machine)
    again = run_job(site, "again", **PUSH)
    assert again.returncode == 0, again.stdout
    assert "update from the new plan done in" in site.forge.comments[1]["body"]
    poll("the route", lambda: NETWORKS[1] in bird_routes(machine))

"""GitLab's jobs run for real on the lab's management host, by gitlab-ci-local, for a site's own repository.

The forge is a server on loopback (tests/unit/repository_servers.py). It deliberately knows no approvals: a
job that waits for one runs when it is named here.
"""

import os
import subprocess

import yaml

from lab.gitlab_runner.fetch import programs
from lab.layout import PROJECT
from lab.parts import Parts
from tests.ending import outcome, with_the_run
from tests.integration.workflow_runs import Site
from tests.unit.forge_servers import TOKEN

SECONDS = 300
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"}
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule"}
WEB = {"CI_PIPELINE_SOURCE": "web"}


def run_job(site: Site, job: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one job of the stack `lab`, such as `preview`, with a pipeline's variables; its whole output."""
    # Not the user's own, whose variables for gitlab-ci-local are others.
    home = site.folder.with_name("home")
    home.mkdir(exist_ok=True)
    runner = Parts.of_running(site.layout).gitlab_runner
    assert runner
    given = {
        "DEPLOY": "true",
        "GITLAB_TOKEN": TOKEN,
        "CI_API_V4_URL": site.forge.address,
        "CI_PROJECT_ID": "group/site",
        "CI_COMMIT_SHA": site.git("rev-parse", "HEAD"),
        "PULUMI_BACKEND_URL": os.environ["PULUMI_BACKEND_URL"],
        "PULUMI_CONFIG_PASSPHRASE": (site.layout.stack / "passphrase").read_text().strip(),
        "KUBECONFIG_TEXT": site.layout.kubeconfig.read_text(),
        "CLOUDS_TEXT": site.layout.clouds.read_text(),
        **variables,
    }
    # A file, since the command line is everybody's to read.
    file = home / "variables.yml"
    file.write_text(yaml.safe_dump(given))
    process = with_the_run(
        [
            *(str(programs(runner) / "gitlab-ci-local"), "--force-shell-executor"),
            # In the file a path would be the content of it.
            *("--variable", f"PREPARED_VENV={(PROJECT / '.venv').resolve()}"),
            *("--variables-file", "../home/variables.yml", f"{job}: [lab]"),
        ],
        cwd=site.folder,
        env={**os.environ, "PATH": f"{programs(runner)}:{os.environ['PATH']}", "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return outcome(process, SECONDS)

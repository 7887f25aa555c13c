"""GitHub's workflows run for real on the lab's management host, by act, for a site's own repository.

The forge is a server on loopback that keeps comments, issues and artifacts as GitHub does. It deliberately
knows no approvals: a job that waits for one in an environment runs at once here.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.layout import PROJECT, Layout
from tests.ending import outcome, with_the_run
from tests.unit.forge_servers import TOKEN
from tests.unit.repository_servers import RepositoryServer

WORKFLOWS = Path(".github/workflows")
# Of the lab, what a runner has beside the credentials.
KEPT = re.compile(
    r"(PULUMI_HOME|PULUMI_DISABLE_.*|PULUMI_SKIP_.*|CALICO_PEERING_LAB|OS_CLOUD|PATH|NO_PROXY|no_proxy|TMPDIR)"
)
SECONDS = 300


@dataclass
class Site:
    """The repository of somebody who has the lab's stack in it."""

    folder: Path
    layout: Layout
    forge: RepositoryServer

    @property
    def stack_file(self) -> Path:
        """In the repository."""
        return self.folder / "config/Pulumi.lab.yaml"

    def set(self, **settings: Any) -> None:
        """Change settings in the stack's file; None takes one out."""
        document = yaml.safe_load(self.stack_file.read_text())
        for key, value in settings.items():
            document["config"].pop(f"calico-peering:{key}", None)
            if value is not None:
                document["config"][f"calico-peering:{key}"] = value
        self.stack_file.write_text(yaml.safe_dump(document))

    def git(self, *arguments: str) -> str:
        """Its output."""
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        command = ["git", "-C", str(self.folder), *author, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        """Everything; the new commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def run(self, event: str, workflow: str, payload: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run a workflow as an event would; its whole output."""
        given = self.folder.with_name("given")
        shutil.rmtree(given, ignore_errors=True)
        given.mkdir()
        (given / "event.json").write_text(json.dumps(payload))
        environment = {key: value for key, value in os.environ.items() if KEPT.fullmatch(key)}
        environment |= {
            "PREPARED_VENV": str((PROJECT / ".venv").resolve()),
            "ARTIFACTS": str(self.folder.with_name("artifacts")),
            "GITHUB_API_URL": self.forge.address,
            "GITHUB_REPOSITORY": "octo/site",
        }
        secrets = {
            "GITHUB_TOKEN": TOKEN,
            "PULUMI_CONFIG_PASSPHRASE": (self.layout.stack / "passphrase").read_text().strip(),
            "KUBECONFIG_TEXT": self.layout.kubeconfig.read_text(),
            "CLOUDS_TEXT": self.layout.clouds.read_text(),
        }
        (given / "env").write_text("".join(f"{key}={value}\n" for key, value in environment.items()))
        (given / "secrets").write_text(
            "".join(f"{key}={json.dumps(value)}\n" for key, value in secrets.items())
        )
        upload = re.search(
            r"actions/upload-artifact@\w+", (self.folder / WORKFLOWS / "stack.yml").read_text()
        )
        assert upload
        process = with_the_run(
            [
                *(str(PROJECT / ".venv/bin/act"), event, "--workflows", str(WORKFLOWS / workflow)),
                *("--eventpath", str(given / "event.json"), "--env-file", str(given / "env")),
                *("--secret-file", str(given / "secrets"), "--action-cache-path", str(given / "cache")),
                *("--platform", "self-hosted=-self-hosted", "--platform", "ubuntu-latest=-self-hosted"),
                *("--var", "DEPLOY_RUNNER=self-hosted", "--var", "STACKS=lab"),
                *("--var", f"PULUMI_BACKEND_URL={os.environ['PULUMI_BACKEND_URL']}"),
                *("--local-repository", f"{upload[0]}={self.folder / '.ci/upload-artifact'}"),
                *("--no-cache-server", "--json"),
            ],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return outcome(process, SECONDS)

    def pull_request(self, base: str, title: str = "One network more") -> subprocess.CompletedProcess[str]:
        """The workflow of a pull request from HEAD onto `base`."""
        self.forge.head = self.git("rev-parse", "HEAD")
        repository = {"full_name": "octo/site"}
        request = {
            "number": 7,
            "title": title,
            "body": "",
            "head": {"sha": self.forge.head, "ref": "more", "repo": repository},
            "base": {"sha": base, "ref": "main"},
        }
        payload = {"action": "opened", "number": 7, "pull_request": request, "repository": repository}
        return self.run("pull_request", "change-request.yml", payload)

    def push(self, before: str) -> subprocess.CompletedProcess[str]:
        """The workflow of a push of HEAD to main."""
        after = self.git("rev-parse", "HEAD")
        payload = {"before": before, "after": after, "ref": "refs/heads/main"}
        return self.run("push", "apply.yml", payload | {"repository": {"full_name": "octo/site"}})


def make_site(folder: Path, layout: Layout, forge: RepositoryServer) -> Site:
    """A repository with this project's files and the lab's stack file, in the state of the first commit."""
    site = Site(folder / "site", layout, forge)
    listed = ["git", "-C", str(PROJECT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0"):
        source = PROJECT / name
        if name and source.is_file():
            (site.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, site.folder / name)
    shutil.copy(layout.stack / "Pulumi.lab.yaml", site.stack_file)
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    forge.artifacts = {"change-request-lab": artifacts / "change-request-lab"}
    site.git("init", "--quiet", "--initial-branch", "main")
    site.commit("site")
    return site

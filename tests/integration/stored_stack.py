"""The real program's stack with its state on a server of a test's own, driven as docs/state.md says.

The lab's own stack, of the same name, is empty meanwhile. This one is in a folder that looks like a clone of
the project, so that the document's commands run as they stand.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.external import External
from lab.layout import PROJECT, Layout
from lab.stack import STACK
from lab.waiting import wait_for
from tests.ending import outcome, with_the_run
from tests.integration.documented import read_steps
from tests.integration.state_servers import StateServer

Done = subprocess.CompletedProcess[str]
PATIENCE = 60
BGP_PASSWORD = "known-to-both-sides"
SECRETS = ("sshPrivateKey", "bgpPassword")
LINKED = ("__main__.py", "Pulumi.yaml", "components", "tools", ".venv")


@dataclass(frozen=True)
class StoredStack:
    """One stack; `environment` names its backend and its passphrase's file."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def file(self) -> Path:
        """The stack file."""
        return self.folder / "config" / f"Pulumi.{STACK}.yaml"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase."""
        return self.folder / "passphrase"

    def salt(self) -> str:
        """What the stack file says of the passphrase."""
        return str(yaml.safe_load(self.file.read_text())["encryptionsalt"])

    def write(self, name: str, text: str) -> None:
        """Write a file that a step reads."""
        (self.folder / name).write_text(text)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start `pulumi ARGUMENTS`; `more` is environment."""
        return self._start(["pulumi", *arguments, "--stack", STACK, "--non-interactive"], more)

    def try_to(self, *arguments: str, **more: str) -> Done:
        """Run `pulumi ARGUMENTS`, whatever comes of it."""
        return outcome(self.start(*arguments, **more))

    def run(self, *arguments: str, **more: str) -> str:
        """Run `pulumi ARGUMENTS`, which has to work, and return what it prints."""
        return checked(self.try_to(*arguments, **more))

    def try_shell(self, commands: str, **more: str) -> Done:
        """Run commands, whatever comes of them."""
        return outcome(self._start(["bash", "-euo", "pipefail", "-c", commands], more))

    def try_step(self, name: str, **more: str) -> Done:
        """Run a step of docs/state.md, whatever comes of it."""
        return self.try_shell(read_steps()[name].commands, **more)

    def step(self, name: str, **more: str) -> str:
        """Run a step of docs/state.md, which has to work, and return what it prints."""
        printed, step = checked(self.try_step(name, **more)), read_steps()[name]
        if not step.refused:
            step.check_output(printed)
        return printed

    def refused_step(self, name: str) -> Done:
        """Run a step of docs/state.md, which has to be refused as the document says."""
        done, step = self.try_step(name), read_steps()[name]
        assert done.returncode != 0 and step.refused
        step.check_output(done.stdout + done.stderr)
        return done

    def destroy(self) -> str:
        """`pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview")

    def opens(self, **more: str) -> bool:
        """Whether the passphrase decrypts both the stack file and the state."""
        commands = (("config", "get", "bgpPassword"), ("stack", "export", "--show-secrets"))
        return all(self.try_to(*command, **more).returncode == 0 for command in commands)

    def resources(self) -> dict[str, dict[str, Any]]:
        """What is in the state, by URN."""
        done = self.try_to("stack", "export")
        checked(done)
        found: list[dict[str, Any]] = json.loads(done.stdout)["deployment"].get("resources", [])
        return {one["urn"]: one for one in found}

    def _start(self, command: Sequence[str], more: Mapping[str, str]) -> subprocess.Popen[str]:
        variables = {**os.environ, **self.environment, **more}
        # The lab's own stack file.
        variables.pop("PULUMI_OPTION_CONFIG_FILE")
        return with_the_run(
            command,
            cwd=self.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def checked(done: Done) -> str:
    """What a command printed that has to have worked."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def new_stack(
    layout: Layout, folder: Path, machine: External, environment: Mapping[str, str], **settings: Any
) -> StoredStack:
    """A new stack with the lab's settings and key, and other `settings`."""
    for name in LINKED:
        (folder / name).symlink_to(PROJECT / name)
    home = folder / "home"
    for made in (folder / "config", home / ".ssh"):
        made.mkdir(parents=True)
    (home / ".ssh" / "peering_ed25519").write_text(machine.login_key.read_text())
    own = {
        "HOME": str(home),
        "NO_COLOR": "1",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
        "PULUMI_STACK": STACK,
    }
    stack = StoredStack(folder, {**own, **environment})
    stack.passphrase.write_text("a first passphrase\n")
    config = yaml.safe_load((layout.stack / f"Pulumi.{STACK}.yaml").read_text())["config"]
    given = {f"calico-peering:{key}": value for key, value in settings.items()}
    kept = {key: value for key, value in config.items() if key.partition(":")[2] not in SECRETS}
    stack.file.write_text(yaml.safe_dump({"config": {**kept, **given}}))
    stack.step("new")
    return stack


@contextmanager
def stack_on(server: StateServer, layout: Layout, folder: Path, machine: External) -> Iterator[StoredStack]:
    """A new stack on a server, with a password of the sessions, of which nothing stays on the site."""
    made = new_stack(layout, folder, machine, server.environment)
    made.write("bgp-password", BGP_PASSWORD)
    made.run("config", "set", "--secret", "bgpPassword", BGP_PASSWORD)
    try:
        yield made
    finally:
        made.try_to("cancel", "--yes")
        # A test that failed may leave a stack file and a state of two passphrases.
        if not made.opens():
            made.try_step("lost-passphrase")
        made.destroy()


class Paused:
    """An `up` that holds its lock and does nothing meanwhile."""

    def __init__(self, stack: StoredStack, server: StateServer) -> None:
        self.process = stack.start("up", "--yes", "--skip-preview")
        wait_for("the lock of `pulumi up`", server.locks, PATIENCE)
        os.kill(self.process.pid, signal.SIGSTOP)
        [lock] = server.locks()
        self.lock = json.loads(lock)

    def finish(self) -> Done:
        """Let it do its work."""
        os.kill(self.process.pid, signal.SIGCONT)
        return outcome(self.process)

    def kill(self) -> None:
        """End it as a lost CI job ends."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

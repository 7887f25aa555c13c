"""The real engine on a small program of a test's own, in a folder and with a state of its own."""

import os
import subprocess
from pathlib import Path

from lab.layout import PROJECT
from tests.ending import outcome, with_the_run


class SmallProgram:
    """A program, which may import the project's components, and its stack `test`."""

    def __init__(self, folder: Path, program: str, **environment: str) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: small-program\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PYTHONPATH": str(PROJECT),
            **environment,
        }
        # Both belong to the stack `lab`.
        for name in ("PULUMI_OPTION_CONFIG_FILE", "PULUMI_STACK"):
            self.environment.pop(name, None)
        self.run("stack", "init", "test")

    def try_to(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi ARGUMENTS`, whatever comes of it."""
        return outcome(
            with_the_run(
                ["pulumi", *arguments, "--non-interactive", "--color", "never"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def run(self, *arguments: str) -> str:
        """Run `pulumi ARGUMENTS`, which has to work, and return what it prints."""
        done = self.try_to(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

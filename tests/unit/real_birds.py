"""Every BIRD that the program renders for, to ask whether it takes a configuration: a real `bird -p`.

1.6.8 (a daemon for each family) and 2.0.12 are Debian 12's; 3 and a newer 2 are the next Debian's. What a
BIRD says counts as refused, a warning too.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.bird.bird_config import PASSWORD_FILE, BirdConfig, daemons
from lab.debian import tools
from lab.layout import Layout
from lab.newer_bird import newer_birds

# A file for BIRD 2 cannot avoid this one: 2.0.12 knows no `authentication`, which newer ones miss. What they
# assume is what is meant.
ASSUMED = "Missing authentication option, assuming MD5"


@dataclass(frozen=True)
class Bird:
    """One BIRD's program."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(repr=False)
    says_what_it_assumes: bool = False

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it with arguments."""
        return subprocess.run(
            [*self.command, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            errors="replace",
        )

    def complaints(self, file: Path) -> list[str]:
        """What it says about a configuration file; nothing when it takes it."""
        done = self.run("-p", "-c", str(file))
        said = (done.stderr + done.stdout).splitlines()
        if self.says_what_it_assumes and done.returncode == 0:
            said = [line for line in said if not line.endswith(ASSUMED)]
        wrong = said or ([f"exit code {done.returncode}"] if done.returncode else [])
        return [f"BIRD {self.name}: {line}" for line in wrong]


@dataclass(frozen=True)
class Birds:
    """All of them."""

    by_service: Mapping[tuple[str, str], list[Bird]] = field(repr=False)
    """By birdVersion and the service's name."""

    def complaints(self, config: BirdConfig, folder: Path, password: str = "secret") -> list[str]:
        """What the BIRDs that the configuration is for say about it, with the password's file beside it."""
        beside = folder / "password"
        beside.write_text(f'define PASSWORD = "{password}";\n')
        said = []
        for service, text in daemons(config).items():
            file = folder / f"{service}.conf"
            file.write_text(text.replace(PASSWORD_FILE, str(beside)))
            said += [
                line for bird in self.by_service[config.version, service] for line in bird.complaints(file)
            ]
        return said


def real_birds() -> Birds:
    """From the cache, or fetched now.

    Raises:
        LabError: when one of them cannot be had.
    """
    unpacked, newer = tools(Layout()), newer_birds(Layout())
    environment = {**os.environ, **unpacked.environment()}
    old = unpacked.path("bird1")
    return Birds(
        {
            ("1.6", "bird"): [Bird("1.6.8", [str(old)], environment)],
            ("1.6", "bird6"): [Bird("1.6.8 for IPv6", [str(old.with_name("bird6"))], environment)],
            ("2", "bird"): [
                Bird("2.0.12", [str(unpacked.path("bird2"))], environment),
                Bird("2 of the next Debian", newer.command("bird2"), os.environ, says_what_it_assumes=True),
            ],
            ("3", "bird"): [Bird("3", newer.command("bird3"), os.environ)],
        }
    )

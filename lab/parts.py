"""What a lab is made of: folders in the user's cache, written down in the running lab's own folder.

Whoever makes a machine or starts a service in the running lab takes it from there (`of_running`), so that
all of it is of one kind whatever the clone's files have become meanwhile.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.debian import Tools
from lab.layout import Layout

FILE = "parts.json"


@dataclass(frozen=True)
class Parts:
    """Everything from the caches that a lab is made of."""

    tools: Tools
    debian: tuple[Path, ...]
    """The layers of the machines' root file system, the topmost first."""
    openstack: Path
    """The virtual environment of the lab's OpenStack."""
    cinder: Path | None
    """Cinder's own virtual environment, where the lab has Cinder."""
    programs: dict[str, Path]
    """The folder of each built program."""
    command_plugin: bool
    """Whether the machine's own engine has fetched pulumi-command's plugin."""
    extras: tuple[str, ...]
    """What it has beside what every lab has (lab/extras.py)."""
    state_backends: Path | None = None
    """The folder of the servers that hold a state (lab/state_backends), where the lab has them."""
    gitlab_runner: Path | None = None
    """The folder of what runs GitLab's pipelines (lab/gitlab_runner), where the lab has it."""

    def write(self, layout: Layout) -> None:
        """Write it into the lab's folder."""
        (layout.folder / FILE).write_text(json.dumps(asdict(self), default=str, indent=2) + "\n")

    @staticmethod
    def of_running(layout: Layout) -> "Parts":
        """What the lab in this folder was brought up with."""
        found = json.loads((layout.folder / FILE).read_text())
        return Parts(
            tools=Tools(Path(found["tools"]["folder"])),
            debian=tuple(map(Path, found["debian"])),
            openstack=Path(found["openstack"]),
            cinder=Path(found["cinder"]) if found["cinder"] else None,
            programs={name: Path(folder) for name, folder in found["programs"].items()},
            command_plugin=found["command_plugin"],
            extras=tuple(found["extras"]),
            state_backends=Path(found["state_backends"]) if found["state_backends"] else None,
            gitlab_runner=Path(found["gitlab_runner"]) if found["gitlab_runner"] else None,
        )

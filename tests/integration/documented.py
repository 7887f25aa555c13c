"""The steps of docs/state.md: the commands that a person copies, and what they print.

A step is a comment `<!-- step: NAME -->`, a block of commands, and where these print something to be
recognised, a block with that. `<!-- refused -->` before the second block: it is what a refused step prints.
"""

import re
from dataclasses import dataclass

from lab.layout import PROJECT
from lab.stack import STACK

DOCUMENT = PROJECT / "docs" / "state.md"
STEP = re.compile(
    r"<!-- step: (?P<name>\S+) -->\n```sh\n(?P<commands>.*?)```\n"
    r"(?:(?P<refused><!-- refused -->\n)?```\n(?P<output>.*?)```\n)?",
    re.S,
)
WILDCARD = "…"
# The document's name for the stack. The tests' stack has the name of the lab's, so that whatever a killed run
# leaves on the site bears the mark of a stack that comes again.
NAME = "production"


@dataclass(frozen=True)
class Step:
    """A step: commands for a shell, and lines that they print, where it is refused or where it is not."""

    commands: str
    output: str
    refused: bool

    def check_output(self, text: str) -> None:
        """Check that all documented lines are in what was printed."""
        for line in self.output.splitlines():
            pattern = ".*".join(re.escape(part) for part in line.split(WILDCARD))
            assert re.search(rf"^{pattern}$", text, re.M), f"docs/state.md has {line!r}, printed was:\n{text}"


def read_steps() -> dict[str, Step]:
    """All steps of the document, by name."""
    found = STEP.finditer(DOCUMENT.read_text().replace(NAME, STACK))
    return {
        step["name"]: Step(step["commands"], step["output"] or "", bool(step["refused"])) for step in found
    }

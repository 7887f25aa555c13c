"""Which stacks a change touches: those whose files, or the program, changed.

    python3 -m tools.pipeline.stacks --since origin/main

A path that is not known to be irrelevant counts as the program's: a preview too many is cheaper than one too
few. The standard library alone is imported, so that a job runs it before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
STACK_FILE = re.compile(r"config/Pulumi\.([A-Za-z0-9_.-]+)\.yaml")
# Of the project itself, not a site's.
NOT_DEPLOYED = re.compile(r"lab|example.*")
# What no preview depends on.
IRRELEVANT = (
    "docs/",
    "tests/",
    "lab/",
    "bench/",
    ".ci/",
    ".github/",
    ".gitlab/",
    ".gitlab-ci.yml",
    ".yamllint",
)
IRRELEVANT_ENDS = (".md", ".gitignore", "requirements-dev.in", "requirements-lab.in")
# Git's name of no commit, which a forge gives for a new branch.
NO_COMMIT = re.compile(r"0*")


class ChangeError(Exception):
    """What changed cannot be found out; the text is for a person."""


def list_stacks(paths: Iterable[str], named: str = "") -> list[str]:
    """The deployed stacks among the files of a repository, sorted.

    `named`: their names, separated by spaces, instead of every stack file but the project's own.

    Raises:
        ChangeError: a named stack has no file.
    """
    there = sorted(found[1] for path in paths if (found := STACK_FILE.fullmatch(path)))
    if not named.split():
        return [name for name in there if not NOT_DEPLOYED.fullmatch(name)]
    missing = [name for name in named.split() if name not in there]
    if missing:
        raise ChangeError(
            f"STACKS: expected names of stacks with a file config/Pulumi.NAME.yaml, found none for"
            f" {', '.join(missing)}; there are {', '.join(there) or 'no stack files'}"
        )
    return sorted({*named.split()})


def affected_stacks(stacks: Sequence[str], changed: Iterable[str]) -> list[str]:
    """Those of `stacks` to preview when these paths changed."""
    own = {f"{folder}{name}.{end}": name for name in stacks for folder, end in FILES_OF_A_STACK}
    touched: set[str] = set()
    for path in changed:
        if path in own:
            touched.add(own[path])
        elif not (STACK_FILE.fullmatch(path) or _irrelevant(path)):
            return list(stacks)
    return [name for name in stacks if name in touched]


FILES_OF_A_STACK = (("config/Pulumi.", "yaml"), ("policies/levels/", "json"))


def touches(folder: Path, since: str, stack: str) -> bool:
    """Whether what changed since a commit touches a stack. Raises ChangeError."""
    changed = changed_paths(folder, since)
    return changed is None or bool(affected_stacks([stack], changed))


def _irrelevant(path: str) -> bool:
    return path.startswith(IRRELEVANT) or path.endswith(IRRELEVANT_ENDS)


def changed_paths(folder: Path, since: str) -> list[str] | None:
    """What differs between HEAD and where it left `since`; None: not known, as of a branch's first push.

    Raises:
        ChangeError: git cannot say.
    """
    if NO_COMMIT.fullmatch(since):
        return None
    return _git(folder, "diff", "--name-only", "--no-renames", "-z", f"{since}...HEAD")


def _git(folder: Path, *arguments: str) -> list[str]:
    # In a container the checkout may be another user's, which git does not trust.
    command = ["git", "-c", f"safe.directory={folder}", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChangeError(f"git {arguments[0]}: {error}") from None
    if done.returncode:
        raise ChangeError(
            f"git {' '.join(arguments)}: {' '.join(done.stderr.split())}; the checkout needs the whole"
            " history (GitHub: fetch-depth: 0, GitLab: GIT_DEPTH: 0)"
        )
    return [path for path in done.stdout.split("\0") if path]


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tools.pipeline.stacks", description="Prints the stacks that a change touches."
    )
    parser.add_argument("--since", metavar="COMMIT", help="where the change began; default: all stacks")
    parser.add_argument("--json", action="store_true", help="one JSON list instead of one name a line")
    parser.add_argument(
        "--stacks",
        default=os.environ.get("STACKS", ""),
        help="names, default: $STACKS, else every stack file",
    )
    parser.add_argument(
        "--folder", type=Path, default=PROJECT, help="folder of the program; default: this one"
    )
    options = parser.parse_args(arguments)
    try:
        stacks = list_stacks(_git(options.folder, "ls-files", "-z", "config"), options.stacks)
        changed = None if options.since is None else changed_paths(options.folder, options.since)
        found = stacks if changed is None else affected_stacks(stacks, changed)
    except ChangeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found) if options.json else "\n".join(found), end="\n" if found or options.json else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The command: a preview, its body in files, a short form on the terminal; and the exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.change_request.announcement import (
    PolicyConfigurationError,
    check_announcement,
    find_request_text,
    read_announcement,
)
from tools.change_request.body import KIND, UNLIMITED, Request, render_body
from tools.change_request.engine import EngineError, Outcome, PreviewOptions, run_preview
from tools.change_request.origin import find_origin
from tools.change_request.preview import Diagnostic, Preview
from tools.change_request.terminal import render_short

PROJECT = Path(__file__).resolve().parents[2]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.change_request",
        description="Previews a stack and writes what it would do as one comment for a pull request.",
        epilog="Exit code 0, or 1 when the preview fails or a policy stops it; the body is there then too.",
    )
    parser.add_argument("stack", metavar="STACK", help="name of the stack")
    parser.add_argument(
        "--folder", type=Path, default=PROJECT, help="folder of the program; default: this one"
    )
    parser.add_argument(
        "--body", type=Path, default=Path("change-request.md"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="where the plan goes, for `pulumi up --plan`; default: beside the body",
    )
    parser.add_argument(
        "--no-refresh", action="store_true", help="compare with the state, do not look for drift"
    )
    parser.add_argument(
        "--policy-pack", action="append", default=[], metavar="FOLDER", help="may be given several times"
    )
    parser.add_argument("--policy-pack-config", action="append", default=[], metavar="FILE")
    parser.add_argument(
        "--request-text",
        type=Path,
        metavar="FILE",
        help="title and, after an empty line, description of the pull request; default: as CI has them",
    )
    parser.add_argument(
        "--summary", type=Path, metavar="FILE", help="append the body; default: GITHUB_STEP_SUMMARY"
    )
    parser.add_argument(
        "--commit", default="", help="default: from the environment of GitHub or GitLab, or git"
    )
    parser.add_argument("--actor", default="", help="likewise")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str], hidden: Sequence[str] = ()) -> int:
    """Run the command; its exit code. `hidden`: secrets besides those of the stack and the environment."""
    options = parse(arguments)
    plan = (options.plan or options.body.with_suffix(".plan.json")).absolute()
    asked = PreviewOptions(
        not options.no_refresh, _paths(options.policy_pack), _paths(options.policy_pack_config), plan, hidden
    )
    try:
        written = preview_to_files(
            options.stack,
            options.folder,
            asked,
            options.body,
            request_text=options.request_text,
            commit=options.commit,
            actor=options.actor,
        )
        add_summary(written.body, options.summary)
    except OSError as error:
        print(f"error: the body could not be written to {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"The comment is in {options.body}" + (f", the plan in {plan}" if plan.exists() else ""))
    return 1 if written.request.preview.failed else 0


def add_summary(body: str, file: Path | None = None) -> None:
    """Append a body to a file; default: the summary of GitHub's run, elsewhere nothing. Raises OSError."""
    path = file or os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a") as opened:
            opened.write(body)


@dataclass(frozen=True)
class Written:
    """What a preview became."""

    request: Request
    body: str


def preview_to_files(
    stack: str,
    folder: Path,
    asked: PreviewOptions,
    path: Path,
    kind: str = KIND,
    request_text: Path | None = None,
    commit: str = "",
    actor: str = "",
) -> Written:
    """Preview a stack, print the short form, and write the body and the full text, which is beside it.

    A stack that cannot be asked is a preview that failed. Raises OSError.
    """
    try:
        rule = read_announcement([Path(name) for name in asked.policy_pack_configurations])
        text = find_request_text(os.environ, request_text)
        done = run_preview(stack, folder, asked)
        done = replace(done, preview=check_announcement(done.preview, rule, text))
    except (EngineError, PolicyConfigurationError, OSError) as error:
        failed = Preview(diagnostics=(Diagnostic("error", str(error)),), failed=True)
        # Only the project's own file says how it is called.
        done = Outcome(_project(folder), stack, failed, "")
    full = path.with_suffix(f".full{path.suffix}")
    origin = find_origin(os.environ, folder, commit, actor, done.pulumi)
    request = Request(done.project, done.stack, done.preview, origin, full.name, kind)
    body = render_body(request)
    if asked.plan and done.preview.failed:
        # Nobody is to apply what a policy stops.
        asked.plan.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)
    full.write_text(render_body(request, UNLIMITED))
    print(render_short(request), end="")
    return Written(request, body)


def _paths(names: Sequence[str]) -> list[str]:
    """The engine runs in the program's folder, not in ours."""
    return [str(Path(name).absolute()) if Path(name).exists() else name for name in names]


def _project(folder: Path) -> str:
    try:
        lines = (folder / "Pulumi.yaml").read_text().splitlines()
    except OSError:
        return folder.resolve().name
    return next(
        (line.removeprefix("name:").strip() for line in lines if line.startswith("name:")),
        folder.resolve().name,
    )

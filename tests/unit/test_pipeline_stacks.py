"""A change previews the stacks whose files, or the program, it touches, and no other."""

import subprocess
from pathlib import Path

import pytest

from tools.pipeline.stacks import ChangeError, affected_stacks, list_stacks, main

STACKS = ["production", "staging"]


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        ([], []),
        (["config/Pulumi.production.yaml"], ["production"]),
        (["config/Pulumi.production.yaml", "config/Pulumi.staging.yaml"], STACKS),
        (["policies/levels/staging.json"], ["staging"]),
        (["policies/levels/lab.json"], STACKS),
        (["config/Pulumi.lab.yaml"], []),
        (["components/bird/bird_router.py"], STACKS),
        (["__main__.py"], STACKS),
        (["requirements.txt"], STACKS),
        (["policies/rules/import_all.py"], STACKS),
        (["Pulumi.yaml"], STACKS),
        (["config/schema.json"], STACKS),
        (["a-new-folder/of-unknown-use.py"], STACKS),
        (["docs/state.md", "README.md", "tests/unit/test_x.py", "lab/up.py", ".github/workflows/x.yml"], []),
        (["docs/state.md", "components/networks.py"], STACKS),
    ],
)
def test_stacks_to_preview(changed: list[str], affected: list[str]) -> None:
    assert affected_stacks(STACKS, changed) == affected


def test_a_stack_whose_name_begins_like_another_is_another() -> None:
    assert affected_stacks(["prod", "prod.eu"], ["config/Pulumi.prod.eu.yaml"]) == ["prod.eu"]


def test_deployed_stacks_are_those_with_a_file_but_not_the_projects_own() -> None:
    files = ["config/Pulumi.lab.yaml", "config/Pulumi.example.yaml", "config/Pulumi.staging.yaml"]
    assert list_stacks([*files, "config/Pulumi.production.yaml", "config/other.yaml"]) == STACKS
    assert list_stacks(files, " lab ") == ["lab"]
    with pytest.raises(ChangeError, match="found none for labb; there are example, lab, staging"):
        list_stacks(files, "labb")


def git(folder: Path, *arguments: str) -> str:
    """Its output."""
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *author, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A repository with two stacks, and a change to one of them on a branch that main has gone on from."""
    (tmp_path / "config").mkdir()
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    for name in STACKS:
        (tmp_path / f"config/Pulumi.{name}.yaml").write_text("config: {}\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "stacks")
    git(tmp_path, "checkout", "--quiet", "-b", "more")
    (tmp_path / "config/Pulumi.staging.yaml").write_text("config: {a:b: 1}\n")
    git(tmp_path, "commit", "--quiet", "--all", "--message", "more")
    git(tmp_path, "checkout", "--quiet", "main")
    (tmp_path / "config/Pulumi.production.yaml").write_text("config: {a:b: 1}\n")
    git(tmp_path, "commit", "--quiet", "--all", "--message", "main goes on")
    git(tmp_path, "checkout", "--quiet", "more")
    return tmp_path


@pytest.mark.parametrize(
    ("since", "printed"),
    [
        (["--since", "main"], '["staging"]'),
        (["--since", "HEAD"], "[]"),
        ([], '["production", "staging"]'),
        (["--since", "0" * 40], '["production", "staging"]'),
    ],
)
def test_what_main_changed_meanwhile_is_not_the_branchs(
    site: Path, capsys: pytest.CaptureFixture[str], since: list[str], printed: str
) -> None:
    assert main(["--json", "--stacks", "", "--folder", str(site), *since]) == 0
    assert capsys.readouterr().out == f"{printed}\n"


def test_a_checkout_without_the_history_says_so(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stacks", "", "--folder", str(site), "--since", "f" * 40]) == 1
    error = capsys.readouterr().err
    assert "the checkout needs the whole history (GitHub: fetch-depth: 0" in error


def test_it_runs_before_anything_is_installed(site: Path) -> None:
    command = [
        "python3",
        "-I",
        "-S",
        "-c",
        "import sys; sys.path.insert(0, '.'); import tools.pipeline.stacks",
    ]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

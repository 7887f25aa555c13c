"""Makes virtual environments of pinned packages, for programs that do not fit into the clone's own."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from lab.errors import LabError
from lab.hosts import last_lines


def run_step(what: str, *command: str) -> None:
    """Run a command of an installation; `what` is installed.

    Raises:
        LabError: with the command's last lines.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            f"{what} could not be installed from the package index:"
            f" `{' '.join(command)}` ended with {done.returncode}:\n" + last_lines(done.stdout + done.stderr)
        )


def site_packages(venv: Path) -> Path:
    """Where an environment has its packages."""
    [found] = venv.glob("lib/python*/site-packages")
    return found


def interpreter() -> str:
    """What decides whether an environment can be used: its version, and the file that it links to."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {Path(sys.executable).resolve()}"


def install(what: str, venv: Path, requirements: Path, above: Path | None = None) -> None:
    """Make an environment with the packages named; what is in `above`, another one, it finds as well.

    Raises:
        LabError: when the package index or a package refuses; `what` names the whole of it.
    """
    run_step(what, sys.executable, "-m", "venv", "--without-pip", str(venv))
    if above:
        # The other's own .pth files count, unlike those of a folder that is only named in one.
        line = f"import site; site.addsitedir({str(site_packages(above))!r})\n"
        (site_packages(venv) / "above.pth").write_text(line)
    python = str(venv / "bin" / "python")
    # Every package is named; what is in `above` is not seen by all installers.
    words = ("--no-deps", "--require-hashes", "--requirement", str(requirements))
    if importlib.util.find_spec("uv"):
        run_step(what, sys.executable, "-m", "uv", "pip", "install", "--python", python, *words)
    else:
        run_step(what, sys.executable, "-m", "pip", "--python", python, "install", "--no-compile", *words)
    # Not compiled, each first start would take several times as long. Tests of services are a third of it.
    run_step(what, python, "-m", "compileall", "-q", "-j", "0", "-x", "/tests/", str(site_packages(venv)))

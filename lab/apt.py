"""apt without a machine of its own: which sources Debian 12 has here, and packages fetched but not installed.

Nothing here installs a package or changes what the machine's own apt knows, but that its package lists are
updated once where apt fails without that. With `separate_apt` not even these are used.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab.errors import LabError
from lab.hosts import last_lines

RELEASE = "bookworm"
CONFIGURATION = """\
Dir::State::lists "{folder}/lists";
Dir::State::status "{status}";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Update::Error-Mode "any";
APT::Sandbox::User "root";
Debug::NoLocking "true";
"""


def apt(
    *command: str,
    cwd: Path | None = None,
    configuration: Path | None = None,
    wanted: str = "Debian 12's packages from the machine's own apt sources",
) -> None:
    """Run an apt tool without questions; once more after `apt-get update` when it fails.

    `configuration` is a file of apt's that is read after the machine's own; `wanted` is what the error says
    that the lab needs.

    Raises:
        LabError: with apt's last lines.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    if configuration:
        environment["APT_CONFIG"] = str(configuration)
    for attempt in ("as it is", "updated"):
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            return
        if attempt == "as it is":
            subprocess.run(["apt-get", "update"], env=environment, capture_output=True)
    raise LabError(
        f"`{' '.join(command)}` failed; the lab needs {wanted}:\n{last_lines(done.stdout + done.stderr)}"
    )


def main_sources() -> list[tuple[str, str]]:
    """The machine's own apt sources of Debian 12's main component, as addresses and suites.

    Raises:
        LabError: when there are none.
    """
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    for attempt in ("as it is", "updated"):
        done = subprocess.run(
            ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
            capture_output=True,
            text=True,
        )
        entries = [line.split("|") for line in done.stdout.splitlines()]
        found = {
            (uri, suite)
            for uri, suite, component in entries
            if suite.split("-")[0] == RELEASE and component == "main"
        }
        if found:
            return sorted(found)
        # Only lists that were fetched are named.
        if attempt == "as it is":
            subprocess.run(["apt-get", "update"], capture_output=True)
    raise LabError(
        f"the machine's apt sources name no Debian 12 ({RELEASE}) main repository, from which the lab's"
        " machines and its BIRDs are installed; see `apt-get indextargets`"
    )


def separate_apt(folder: Path, sources: list[tuple[str, str]], status: Path = Path("/dev/null")) -> Path:
    """A configuration file for `apt`, whose package lists and archives are in `folder` alone.

    `sources` are addresses and suites of Debian's main component; `status` is dpkg's list of what counts as
    installed. Packages are checked by the signatures that the machine's apt trusts.
    """
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text("".join(f"deb {uri} {suite} main\n" for uri, suite in sources))
    configuration = folder / "apt.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, status=status))
    return configuration


def fetch_missing(
    packages: Iterable[str], folder: Path, root: Path, there: Iterable[Path], repository: Path
) -> None:
    """Fetch packages of Debian 12, and what they need, into a new folder `repository`.

    `folder` is apt's own meanwhile. What is installed in `root` is not fetched, and what lies in one of the
    folders `there` not kept.

    Raises:
        LabError: when apt has one of them not.
    """
    repository.mkdir(parents=True)
    configuration = separate_apt(folder, main_sources(), root / "var/lib/dpkg/status")
    apt("apt-get", "update", configuration=configuration)
    words = ("apt-get", "install", "--yes", "--download-only", "--no-install-recommends")
    apt(*words, *packages, configuration=configuration)
    had = {archive.name for other in there for archive in other.glob("*.deb")}
    for archive in (folder / "cache/archives").glob("*.deb"):
        if archive.name not in had:
            shutil.move(archive, repository)
    shutil.rmtree(folder)

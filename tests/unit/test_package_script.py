"""What the machine's script does with dnf and rpm in places that are not easily made with the real ones.

`dnf` and `rpm` are stand-ins that keep a list of packages and write down how they were called; nothing
but them and the usual tools is in PATH. The real ones are in tests/integration/test_dnf.py.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.machine_script import script

TOOLS = "awk sed grep cat sort tail date sleep mktemp rm tr mv mkdir sha256sum head touch cut".split()
DNF = """\
#!/bin/sh
printf '%s\\n' "dnf $*" >>CALLS
case "$*" in *makecache*) rm -f STALE; exit 0 ;; esac
[ ! -e STALE ] || { echo "Error: Failed to download metadata" >&2; exit 1; }
for last; do :; done
version=${last#bird-}; case $version in *'*') version=$(cat NEWEST) ;; esac
grep -v '^bird ' DATABASE >DATABASE.new || :
echo "bird $version" >>DATABASE.new; mv DATABASE.new DATABASE
grep -q '^libssh ' DATABASE || echo "libssh 0.9" >>DATABASE
"""
RPM = """\
#!/bin/sh
printf '%s\\n' "rpm $*" >>CALLS
case $1 in
-q)
    if [ $2 = --all ]; then awk '{ print $1 " installed" }' DATABASE; exit; fi
    awk -v name=$4 '$1 == name { printf "%s", $2; found = 1 } END { exit !found }' DATABASE ;;
--erase)
    shift
    for name; do
        ! grep -q "^$name$" NEEDED 2>/dev/null || { echo "error: $name is needed by other" >&2; exit 1; }
    done
    for name; do grep -v "^$name " DATABASE >DATABASE.new || :; mv DATABASE.new DATABASE; done ;;
esac
"""
BIRD = """\
#!/bin/sh
awk '$1 == "bird" { sub(/-.*/, "", $2); print "BIRD version " $2; found = 1 } END { exit !found }' DATABASE
"""
# Found by `command -v` only when the package is there.
COMMAND = """
command() {
    if [ "$2" = bird ]; then grep -q '^bird ' DATABASE; else builtin_command "$@"; fi
}
builtin_command() { case $2 in apt-get) return 1 ;; *) return 0 ;; esac; }
"""


@dataclass(frozen=True)
class Rhel:
    """A machine with dnf: its packages and what was called."""

    folder: Path

    @property
    def _places(self) -> dict[str, str]:
        names = ("CALLS", "STALE", "NEWEST", "DATABASE", "NEEDED")
        return {name: str(self.folder / name.lower()) for name in names}

    def _filled(self, text: str) -> str:
        for name, path in self._places.items():
            text = text.replace(name, path)
        return text

    def prepare(self) -> None:
        """An empty machine whose sources have BIRD 2.15.1."""
        programs = self.folder / "bin"
        programs.mkdir()
        for tool in TOOLS:
            (programs / tool).symlink_to(shutil.which(tool) or tool)
        for name, text in {"dnf": DNF, "rpm": RPM, "bird": BIRD, "ip": "#!/bin/sh\n"}.items():
            (programs / name).write_text(self._filled(text))
            (programs / name).chmod(0o755)
        self.write("database", "glibc 2.34\n")
        self.write("newest", "2.15.1-1.el9\n")
        self.write("calls", "")

    def write(self, name: str, text: str = "") -> None:
        """One of the stand-ins' files."""
        (self.folder / name).write_text(text)

    def run(self, commands: str, stdin: str = "") -> str:
        """What the script says; its complaint if it has one."""
        self.write("calls", "")
        done = script(self._filled(COMMAND) + commands, self.folder, stdin, self.folder / "bin")
        return done.stderr or done.stdout

    @property
    def calls(self) -> list[str]:
        """What changes something, of what was called."""
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if not line.startswith("rpm -q")]

    @property
    def packages(self) -> dict[str, str]:
        """Name and version."""
        return dict(line.split() for line in (self.folder / "database").read_text().splitlines())


@pytest.fixture
def rhel(tmp_path: Path) -> Rhel:
    made = Rhel(tmp_path)
    made.prepare()
    return made


def test_stale_lists_are_fetched_anew(rhel: Rhel) -> None:
    rhel.write("stale")
    rhel.run("install 2")
    assert [call.split()[3] for call in rhel.calls] == ["install", "makecache", "install"]


def test_a_package_of_another_series_than_asked_for_is_told(rhel: Rhel) -> None:
    rhel.write("newest", "3.1.0-1\n")
    said = rhel.run("install 2")
    assert "the package bird brought BIRD 3.1.0; calico-peering:birdVersion asks for 2." in said
    # It is in the list of what goes again.
    rhel.run("uninstall")
    assert rhel.packages == {"glibc": "2.34"}


def test_a_library_that_others_need_now_stays(rhel: Rhel) -> None:
    rhel.run("install 2")
    rhel.write("needed", "libssh\n")
    assert rhel.run("uninstall") == "kept, because other packages need them now: libssh \n"
    assert "bird" not in rhel.packages


def test_without_apt_and_dnf_it_is_to_be_installed_by_hand(rhel: Rhel) -> None:
    for name in ("dnf", "rpm"):
        (rhel.folder / "bin" / name).unlink()
    nothing = "command() { return 1; }; "
    assert "neither apt nor dnf to install it: install BIRD 2 by hand" in rhel.run(nothing + "install 2")

"""A machine of the lab with dnf and rpm and without apt, as RHEL and its like have it.

dnf, rpm and rpmbuild are the real ones, which Debian has packages of. So are BIRD's programs, Debian's, in
rpms that are built here; what is not Debian's in them is what EPEL's package does another way: one package
`bird` whatever the series, /etc/bird.conf for root:bird only, a unit without an environment file that is not
started when it is installed, a user that stays when it goes. There is no SELinux and no firewalld.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from lab.bird3_package import HOME
from lab.cluster.added_node import switch_port
from lab.external import External
from lab.hosts import Host
from lab.layout import Layout
from lab.machine import Machine
from lab.parts import Parts
from lab.rootfs import REPOSITORY

NAME, ADDRESS = "dnf", IPv4Address("172.34.8.47")
FOLDER = "opt/rpms"
OLDER, NEWER = "2.0.12-7", "2.0.12-8"
OF_3 = "3.1.8-1"
# As long as the other, which stands in the program's help and among its constants.
DEBIANS, EPELS = b"/etc/bird/bird.conf", b"/etc/bird.conf"
UNIT = """\
[Unit]
Description=BIRD Internet Routing Daemon
Wants=network.target
After=network.target

[Service]
Type=simple
ExecStartPre=/usr/sbin/bird -p
ExecStart=/usr/sbin/bird -f -u bird -g bird
ExecReload=/usr/sbin/birdc configure
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""
HEAD = """\
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
Name: {name}
Version: {version}
Release: {release}
Summary: A test's
License: none
AutoReqProv: no
{more}
%description
A test's.
%install
mkdir -p %{{buildroot}}
cp -a /opt/trees/{tree}/. %{{buildroot}}
"""
# What EPEL's scriptlets come to.
BIRD = """\
%pre
getent group bird >/dev/null || groupadd -r bird
getent passwd bird >/dev/null || useradd -r -g bird -d /var/lib/bird -s /sbin/nologin bird
%post
systemctl --no-reload preset bird.service
%preun
[ $1 -gt 0 ] || systemctl --no-reload disable --now bird.service
%postun
systemctl daemon-reload
[ $1 -eq 0 ] || systemctl try-restart bird.service
%files
%attr(0640,root,bird) %config(noreplace) /etc/bird.conf
%dir %attr(0750,bird,bird) /run/bird
/usr
"""
FILES = "%files\n/usr\n"
# The rpm database knows nothing of what Debian installed.
SHELL = ("machine", "1-1", "Provides: /bin/sh", "machine", "%files\n")
LIBRARY = ("libssh", "0.10.6-1", "", "libssh", FILES)
BIRDS = {
    OLDER: ("bird", OLDER, "Requires: libssh", "bird2", BIRD),
    NEWER: ("bird", NEWER, "Requires: libssh", "bird2", BIRD),
    OF_3: ("bird", OF_3, "", "bird3", BIRD),
}
# As RHEL has it: nothing that is installed starts by itself.
PRESET = "disable *\n"
SOURCE = f"[local]\nname=local\nbaseurl=file:///{FOLDER}\ngpgcheck=0\n"
RPM_NAME = "%%{NAME}-%%{VERSION}-%%{RELEASE}.rpm"
SETTING_UP = f"""
set -e
apt-get -qq update
apt-get -qq install --no-install-recommends dnf rpm createrepo-c >/dev/null 2>&1
mkdir -p /{FOLDER}
for spec in /opt/specs/*.spec; do
    rpmbuild --quiet -bb --define '_rpmdir /{FOLDER}' --define '_build_name_fmt {RPM_NAME}' $spec
done
rpm --install /{FOLDER}/machine-1-1.rpm
createrepo_c --quiet /{FOLDER}
mkdir /opt/apt
mv /usr/bin/apt-get /usr/bin/dpkg /usr/bin/dpkg-query /opt/apt
systemctl daemon-reload
"""


@dataclass(frozen=True)
class DnfMachine(External):
    """It has the external machine's keys, so that only its address is another one."""

    def rpm(self, name: str, version: str) -> Path:
        """A package's file."""
        return self.root / FOLDER / f"{name}-{version}.rpm"

    def packages(self) -> dict[str, str]:
        """Name and version of each installed rpm."""
        answer = self.run("rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\n").stdout
        return dict(line.split() for line in answer.splitlines())


def _tree(machine: Machine, archive: str, name: str, programs: str) -> None:
    """BIRD's files as EPEL lays them, out of a Debian package."""
    [found] = (machine.root / REPOSITORY).glob(archive)
    tree = machine.root / "opt/trees" / name
    tree.mkdir(parents=True)
    machine.host.run("dpkg", "-x", str(found), str(tree))
    program = tree / programs
    text = program.read_bytes()
    assert text.count(DEBIANS) == 2, f"{program} names its configuration another way"
    text = text.replace(DEBIANS + b"\0", EPELS.ljust(len(DEBIANS) + 1, b"\0"))
    program.write_bytes(text.replace(DEBIANS, EPELS.rjust(len(DEBIANS))))
    for folder in ("etc", "lib", "usr/lib/systemd", "usr/lib/bird", "usr/share"):
        shutil.rmtree(tree / folder, ignore_errors=True)
    (tree / "usr/lib/systemd/system").mkdir(parents=True)
    (tree / "usr/lib/systemd/system/bird.service").write_text(UNIT)
    (tree / "usr/lib/tmpfiles.d").mkdir()
    (tree / "usr/lib/tmpfiles.d/bird.conf").write_text("d /run/bird 750 bird bird\n")
    (tree / "run/bird").mkdir(parents=True)
    (tree / "etc").mkdir()
    (tree / "etc/bird.conf").write_text("# EPEL's example\nprotocol device { }\n")


def _lay_out(machine: Machine) -> None:
    root = machine.root
    _tree(machine, "bird2_*.deb", "bird2", "usr/sbin/bird")
    _tree(machine, "bird3_*.deb", "bird3", f"{HOME}/bird")
    [library] = (root / REPOSITORY).glob("libssh-*.deb")
    machine.host.run("dpkg", "-x", str(library), str(root / "opt/trees/libssh"))
    shutil.rmtree(root / "opt/trees/libssh/usr/share")
    (root / "opt/trees/machine").mkdir()
    (root / "opt/specs").mkdir()
    for name, version, more, tree, rest in (SHELL, LIBRARY, *BIRDS.values()):
        number, release = version.split("-")
        head = HEAD.format(name=name, version=number, release=release, more=more, tree=tree)
        (root / f"opt/specs/{name}-{version}.spec").write_text(head + rest)
    for path, text in (
        ("usr/lib/systemd/system-preset/00-disable.preset", PRESET),
        ("etc/yum.repos.d/local.repo", SOURCE),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@contextmanager
def dnf_machine(layout: Layout, like: External) -> Iterator[DnfMachine]:
    """Boot it, with the keys of another one, and take it away at the end."""
    parts = Parts.of_running(layout)
    with switch_port(NAME, ADDRESS):
        machine = DnfMachine(layout, Host(NAME, layout))
        machine.mount(parts.debian)
        service = None
        try:
            for path in ("root/.ssh", "etc/ssh", "etc/cloud"):
                shutil.copytree(like.root / path, machine.root / path, symlinks=True, dirs_exist_ok=True)
            _lay_out(machine)
            service = machine.boot(parts.tools)
            machine.wait(service)
            machine.run("sh", "-c", SETTING_UP)
            yield machine
        finally:
            if service:
                machine.end(service)
            machine.unmount()
            shutil.rmtree(machine.folder)

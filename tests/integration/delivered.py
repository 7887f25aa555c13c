"""The router script run on the external machine itself, and struck at one of its steps.

The script starts its programs by their names, with /usr/local/sbin first; there the machine gets
programs of these names that count, and at the wanted one strike. Whatever systemd starts (BIRD, and what
undoes a delivery) is not counted. The script knows nothing of it.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from components.bird.answers import password_generation
from components.bird.bird_router import END, router_script
from lab.external import External
from lab.machine import ENVIRONMENT
from lab.waiting import wait_for

ROUTER = "/var/lib/calico-peering/router"
PASSWORD_FILES = "/etc/bird/calico-peering.password"
PROGRAMS = (
    "awk bird birdc cat chmod chown cp date find flock getent grep head ip mkdir mv rm sed sleep sync"
    " systemctl systemd-run tail timeout touch"
).split()
STRIKES = {
    # Whoever runs it is gone, with all that was begun.
    "kill": "/usr/bin/pkill -9 -s 0",
    # The connection is gone, and the script is left alone.
    "cut": """\
pid=$$
while [ "$(/usr/bin/cat /proc/$pid/comm)" != sshd ]; do
    pid=$(/usr/bin/awk '$1 == "PPid:" { print $2 }' /proc/$pid/status)
done
kill -9 $pid""",
    # Without a word to anybody.
    "reboot": "/usr/bin/systemctl reboot --force --force; /usr/bin/sleep 60",
}
COUNTING = """\
#!/bin/sh
# A test put this here: lab of calico-peering.
# Programs are called by their paths here: by name, this one would call itself without end (it did).
name=${0##*/}
if [ -e /run/strike/at ] && [ -z "${INVOCATION_ID:-}" ]; then
    {
        /usr/bin/flock 8
        n=$(($(/usr/bin/cat /run/strike/count) + 1))
        echo $n >/run/strike/count
    } 8>/run/strike/lock
    at=$(/usr/bin/cat /run/strike/at)
    case "$n" in "$at") hit=yes ;; esac
    case "$name $*" in "$at"*) hit=yes ;; esac
    if [ "${hit:-}" ]; then
        /usr/bin/rm -f /run/strike/at
        echo "$name $*" >/run/strike/struck
        . /run/strike/how
    fi
fi
for folder in /usr/sbin /usr/bin; do [ ! -x $folder/$name ] || exec $folder/$name "$@"; done
exit 127
"""
Strike = Literal["kill", "cut", "reboot"]


def configuration(mark: str, extra: str = "") -> str:
    """A small configuration whose mark and password BIRD can be asked for."""
    return f"""\
router id 172.34.8.45;
log syslog all;
include "{PASSWORD_FILES}";
protocol device {{ }}
protocol kernel {{ persist; ipv4 {{ export where source = RTS_BGP; }}; }}
protocol static marked_{mark} {{ ipv4; }}
protocol bgp calico {{
  description PASSWORD;
  local 172.34.8.45 as 65112;
  neighbor range 172.34.8.0/24 as 64512;
  password PASSWORD;
  ipv4 {{ import none; export none; }};
}}
{extra}"""


@dataclass(frozen=True)
class Seen:
    """Which configuration the machine has: the file's, the included password's, and what BIRD has in memory.

    Empty is what is not there.
    """

    file_mark: str
    file_password: str
    daemon_mark: str
    daemon_password: str

    @property
    def whole(self) -> bool:
        """File and daemon agree."""
        return (self.file_mark, self.file_password) == (self.daemon_mark, self.daemon_password)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


@dataclass(frozen=True)
class Delivery:
    """The script on the machine."""

    machine: External

    def put_script(self) -> None:
        """As the program does it."""
        self.sh(
            f"mkdir -p -m 0700 {ROUTER.rpartition('/')[0]}; cat >{ROUTER}; chmod 0700 {ROUTER}",
            router_script(),
        )

    def sh(self, script: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """A shell on the machine."""
        done = subprocess.run(
            self.machine.command("sh", "-c", script),
            input=stdin,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=120,
        )
        assert not check or done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done

    def run(self, command: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """One of the script's commands, in a session of its own, as sshd starts it."""
        return self.sh(f"exec setsid -w {ROUTER} {command}", stdin, check)

    def stage(self, password: str) -> str:
        """The password's generation."""
        return password_generation(self.run("password", f"{password}\n").stdout)

    def deliver(self, mark: str, password: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Password and configuration, as the program delivers them; the last command's answer."""
        staged = self.run("password", f"{password}\n", check)
        if staged.returncode != 0:
            return staged
        return self.run(
            f"deliver bird {password_generation(staged.stdout)}", configuration(mark) + END, check
        )

    def seen(self) -> Seen:
        """What the machine has now."""
        file = self.sh("cat /etc/bird/bird.conf", check=False).stdout
        included = _first(f'include "({PASSWORD_FILES}[.0-9]*)"', file)
        word = self.sh(f"cat {included}", check=False).stdout if included else ""
        daemon = self.sh("birdc show protocols all", check=False).stdout
        return Seen(
            _first(r"protocol static marked_(\w+)", file),
            _first(r'"(.*)"', word),
            _first(r"(?m)^marked_(\w+)", daemon),
            _first(r"Description: +(.*)", daemon),
        )

    def settled(self) -> Seen:
        """What the machine has once nothing is left to be undone."""
        quiet = (
            f"flock {ROUTER.rpartition('/')[0]}/lock true; test ! -e {ROUTER.rpartition('/')[0]}/unfinished"
        )
        quiet += " && ! systemctl is-active --quiet 'calico-peering-undo*'"
        wait_for("the delivery to be undone", lambda: self.sh(quiet, check=False).returncode == 0, 60)
        return self.seen()

    def passwords(self) -> list[str]:
        """The passwords' files that are there."""
        return self.sh("ls /etc/bird").stdout.split("\n")

    @contextmanager
    def counting(self) -> Iterator[None]:
        """The counting programs are in place."""
        links = " ".join(f"/usr/local/sbin/{name}" for name in PROGRAMS)
        self.sh("cat >/usr/local/sbin/counting && chmod 0755 /usr/local/sbin/counting", COUNTING)
        self.sh(f"for link in {links}; do ln -sf counting $link; done")
        try:
            yield
        finally:
            self.sh(f"rm -f /usr/local/sbin/counting {links}; rm -rf /run/strike")

    def strike_at(self, step: int | str, how: Strike) -> None:
        """Strike before the step'th program from now on, or before the first command line that begins so."""
        begin = "mkdir -p /run/strike; echo 0 >/run/strike/count; rm -f /run/strike/struck"
        # In place at once, and by programs that are not counted.
        place = "/usr/bin/mv /run/strike/at.new /run/strike/at"
        end = f"/usr/bin/printf '%s\\n' '{step}' >/run/strike/at.new; {place}"
        self.sh(f"{begin}; cat >/run/strike/how; {end}", STRIKES[how] + "\n")

    def struck(self) -> str:
        """The command line that was struck; empty when there was none. No further one is."""
        return self.sh("/usr/bin/rm -f /run/strike/at; cat /run/strike/struck", check=False).stdout.strip()

    def rebooted(self, before: int | None) -> None:
        """Wait for the machine, which rebooted, and for BIRD on it. `before`: its leader then."""

        def up() -> bool:
            leader = self.machine.leader()
            if leader in (None, before):
                return False
            booted = "systemctl is-system-running --wait; birdc show status"
            return "is up and running" in self.sh(booted, check=False).stdout

        wait_for("the machine to boot again", up, 60)

#!/bin/sh
# BIRD on the external machine: install, deliver, verify, and everything back again.
#
# The beginning of the program: the other files of this folder are appended to it, and last a line that
# calls `main` (components/bird/bird_router.py).
#
# Runs as root on the machine itself, from /var/lib/calico-peering, started over ssh by the components
# BirdRouter and ExternalPeering, and by systemd before BIRD starts. It owns BIRD's configuration file while
# it is in use, and gives it and the service back as they were. It does not know what a right configuration
# is (bird -p does). Each command may be run again at any time, and may be cut off at any time.
# It relies on POSIX sh, awk, coreutils, flock, iproute2, systemd, and on apt or dnf where BIRD is not there.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

FOLDER=/var/lib/calico-peering
# Which daemon it is about: `bird`, or `bird6` of BIRD 1.6, which has one for each address family
service=bird

fail() { printf '%s\n' "$*" >&2; exit 1; }
now() { date +%s; }
active() { systemctl is-active --quiet "$service"; }
# One that hangs must not hold everything up.
client() { timeout 20 "birdc${service#bird}" "$@"; }
answers() { client show status 2>/dev/null | grep -q 'Daemon is up and running'; }
indented() { sed 's/^/    /'; }

wait_until() { # SECONDS COMMAND…
    until=$(($(now) + $1)); shift
    until "$@"; do [ "$(now)" -lt "$until" ] || return 1; sleep 0.2; done
}

journal() { # LINES: BIRD's last messages, where there is a journal
    ! command -v journalctl >/dev/null || journalctl -u "$service" -n "$1" --no-pager -o cat | indented
}

framed() { # COMMAND…: its output so that what the login prints beside it is told apart (components/bird/answers.py)
    answer=$("$@")
    printf '\n'
    printf '%s\n' "$answer" | sed 's/^/calico-peering: /'
}

about() { # SERVICE
    case ${1:-} in bird | bird6) service=$1 ;; *) fail "wanted the service bird or bird6, found \`${1:-}\`" ;; esac
    places
}

alone() { # [SECONDS]: only one at a time changes the configuration; the kernel ends the lock with its holder
    [ -d "$FOLDER" ] && [ ! "${locked:-}" ] || return 0
    exec 9>"$FOLDER/lock"
    flock ${1:+-w "$1"} 9 || fail "another run has been working on this machine for ${1:-} s; try again later"
    locked=yes
}

remove() {
    for service in bird6 bird; do places; put_back; done
    forget_passwords
    sysctls_back
    guard_back
    uninstall
    rm -rf "$FOLDER" "$FILES"
}

main() {
    case ${1:-} in
    deliver | restore | undo | starting) command=$1; shift; about "$@"; shift; "$command" "$@" ;;
    password) alone 120; framed password ;;
    forget_passwords) alone 120; forget_passwords ;;
    verify | drift) framed "$@" ;;
    install | uninstall | receive | discard | guard | guard_back | sysctls | sysctls_back | remove) "$@" ;;
    *) fail "usage: router install|uninstall|receive|discard|guard|guard_back|sysctls|sysctls_back|password|\
forget_passwords|deliver|restore|verify|drift|remove" ;;
    esac
}

#!/bin/sh
# BIRD on the external machine: install, deliver, verify, and everything back again.
#
# The beginning of the program: package.sh, configuration.sh, sysctls.sh, verification.sh and drift.sh are appended to
# it, and last a line that calls `main` (components/bird/bird_router.py).
#
# Runs as root on the machine itself, from /var/lib/calico-peering, started over ssh by the components
# BirdRouter and ExternalPeering. It owns BIRD's configuration file while it is in use, and gives it and
# the service back as they were. It does not know what a right configuration is (bird -p does), and
# touches neither addresses nor firewall. Each command may be run again at any time.
# It relies on POSIX sh, awk, iproute2, systemd, and on apt where BIRD 2 is not there yet.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

FOLDER=/var/lib/calico-peering
CONFIGURATION=/etc/bird/bird.conf
STAGED=/etc/bird/.calico-peering

fail() { printf '%s\n' "$*" >&2; exit 1; }
now() { date +%s; }
active() { systemctl is-active --quiet bird; }
answers() { birdc show status 2>/dev/null | grep -q 'Daemon is up and running'; }
indented() { sed 's/^/    /'; }

wait_until() { # SECONDS COMMAND…
    until=$(($(now) + $1)); shift
    until "$@"; do [ "$(now)" -lt "$until" ] || return 1; sleep 0.2; done
}

journal() { # LINES: BIRD's last messages, where there is a journal
    ! command -v journalctl >/dev/null || journalctl -u bird -n "$1" --no-pager -o cat | indented
}

remove() {
    restore
    sysctls_back
    uninstall
    rm -rf "$FOLDER"
}

main() {
    case ${1:-} in
    install | uninstall | sysctls | sysctls_back | deliver | restore | verify | drift | remove) "$1" ;;
    *) fail "usage: router install|uninstall|sysctls|sysctls_back|deliver|restore|verify|drift|remove" ;;
    esac
}

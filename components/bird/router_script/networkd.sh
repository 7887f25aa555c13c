# systemd-networkd, which removes foreign routes: configured to keep them. A part of router.sh.
#
# It removes them when it reads a changed .network file (`networkctl reload`, `netplan apply`), and BIRD puts them back
# when it reads the kernel's table again, up to 20 s later; no session ends meanwhile (seen, 252). `ManageForeignRoutes`
# is of systemd 246 and read at networkd's start only. Without addresses that it was leased, a restart changes nothing;
# such an address it takes away and asks for anew (read), so there it is left to the next start.

NETWORKD_FILE=/etc/systemd/networkd.conf.d/90-calico-peering.conf
# Where the files of its configuration are, in systemd/networkd.conf and systemd/networkd.conf.d
NETWORKD_FOLDERS="/etc /run /usr/local/lib /usr/lib"

set_by_others() { # `FILE:LINE` of each file but ours that says what to do with foreign routes
    for folder in $NETWORKD_FOLDERS; do
        for file in "$folder/systemd/networkd.conf" "$folder"/systemd/networkd.conf.d/*.conf; do
            [ -e "$DELIVERED$file" ] ||
                grep -H -s -i '^[[:space:]]*ManageForeignRoutes[[:space:]]*=' "$file" || :
        done
    done
}

networkd_runs() { systemctl is-active --quiet systemd-networkd 2>/dev/null; }
systemd_version() { systemctl --version | awk 'NR == 1 { print $2 + 0 }'; }

networkd_warning() { # a sentence, where networkd removes BIRD's routes and that is not ours to prevent
    networkd_runs || return 0
    if [ "$(systemd_version)" -lt 246 ]; then
        echo "systemd-networkd $(systemd_version) removes BIRD's routes for up to 20 s whenever it reads a changed .network" \
            "file (networkctl reload, netplan apply); systemd 246 is the first in which that can be switched off"
        return
    fi
    others=$(set_by_others | tail -n 1)
    case $(printf '%s\n' "$others" | sed 's/.*=[[:space:]]*//' | tr '[:upper:]' '[:lower:]') in
    '' | no | n | false | f | off | 0) ;;
    *) echo "systemd-networkd is configured to remove foreign routes, BIRD's among them: $others, a file of another owner," \
        "which is left alone. Set it to no there" ;;
    esac
}

guard() { # BIRD's routes from networkd
    networkd_warning | sed 's/^/warning: /' >&2
    if ! networkd_runs || [ "$(systemd_version)" -lt 246 ]; then
        echo "no systemd-networkd on this machine to be configured"
        return
    fi
    others=$(set_by_others | tail -n 1)
    if [ "$others" ]; then
        guard_back >/dev/null
        echo "left to $others"
        return
    fi
    text="# Written by calico-peering, a Pulumi program, which takes it back on destroy.
[Network]
ManageForeignRoutes=no"
    if [ -e "$DELIVERED$NETWORKD_FILE" ] && [ "$(cat "$NETWORKD_FILE" 2>/dev/null)" = "$text" ]; then
        kept "$NETWORKD_FILE"
        echo "systemd-networkd keeps BIRD's routes already"
        return
    fi
    mkdir -p "${NETWORKD_FILE%/*}"
    printf '%s\n' "$text" >"$NETWORKD_FILE.new"
    chmod 0644 "$NETWORKD_FILE.new"; mv -f "$NETWORKD_FILE.new" "$NETWORKD_FILE"
    kept "$NETWORKD_FILE"
    if [ "$(ip -o address show scope global dynamic)" ]; then
        echo "warning: systemd-networkd keeps BIRD's routes from its next start on; it is not restarted here, since" \
            "this machine has a leased address: systemctl restart systemd-networkd" >&2
    else
        systemctl restart systemd-networkd || fail "systemd-networkd does not start again with $NETWORKD_FILE:
$(service=systemd-networkd; journal 10)"
    fi
    echo "systemd-networkd is configured to keep BIRD's routes"
}

guard_back() { # without a restart, which would have networkd remove what others have put there meanwhile
    rm -f "$NETWORKD_FILE.new"
    [ -e "$DELIVERED$NETWORKD_FILE" ] || { echo "systemd-networkd was not configured"; return; }
    rm -f "$NETWORKD_FILE"
    let_go "$NETWORKD_FILE"
    rmdir "${NETWORKD_FILE%/*}" 2>/dev/null || :
    echo "systemd-networkd is as it was, from its next start on"
}

networkd_drift() { # networkd came later; a file of ours that was changed is seen as every other one
    [ ! -e "$DELIVERED$NETWORKD_FILE" ] && networkd_runs && [ "$(systemd_version)" -ge 246 ] &&
        [ ! "$(set_by_others)" ] || return 0
    deviation "systemd-networkd runs on this machine and would remove BIRD's routes: no file sets ManageForeignRoutes=no"
}

# What on the machine is no longer as it was left: what somebody changed by hand. A part of router.sh.
# It only looks. It prints a line `deviation …` for each difference and at last `looked`, which
# components/machine/machine_state_provider.py reads; nothing secret is in them.

# The files of ours as they were written, below their paths; of those that hold a password only the sum
DELIVERED=$FOLDER/delivered
# The services that have to run, one a line
SERVICES=$FOLDER/services
MOST_LINES=40

kept() { # FILE: it is ours, and right as it is now
    mkdir -p "$DELIVERED${1%/*}"
    chmod 0700 "$DELIVERED"
    case $1 in
    *.password*)
        sha256sum "$1" >"$DELIVERED$1"
        chown --reference="$1" "$DELIVERED$1"; chmod --reference="$1" "$DELIVERED$1"
        ;;
    *) cp -p "$1" "$DELIVERED$1" ;;
    esac
}

let_go() { rm -f "$DELIVERED$1"; } # FILE: it is not ours any more

kept_running() { # SERVICE: it has to run, and to be started at boot
    { cat "$SERVICES" 2>/dev/null || :; echo "$1"; } | sort -u >"$SERVICES.new"
    mv "$SERVICES.new" "$SERVICES"
}

let_stop() { # SERVICE: it need not run any more
    [ -e "$SERVICES" ] || return 0
    grep -v -x "$1" "$SERVICES" >"$SERVICES.new" || :
    mv "$SERVICES.new" "$SERVICES"
}

deviation() { printf 'deviation %s\n' "$*"; }

lines() { # FILE: what is there in its place, without what is between quotes where a password is
    diff -U 0 "$DELIVERED$1" "$1" | awk -v most=$MOST_LINES '
        FNR <= 2 || /^@@/ { next }
        { what = /^-/ ? "delivered" : "found"; text = substr($0, 2) }
        tolower(text) ~ /password/ { sub(/".*/, "\"[not shown]", text) }
        ++count <= most { printf "deviation   %-9s | %s\n", what, substr(text, 1, 200) }
        END { if (count > most) print "deviation   and " count - most " more lines" }'
}

file_drift() { # FILE
    if [ ! -e "$1" ]; then
        deviation "$1 is gone"
        return
    fi
    was=$(stat -c '%a %U:%G' "$DELIVERED$1"); is=$(stat -c '%a %U:%G' "$1")
    [ "$was" = "$is" ] || deviation "$1 has mode and owner $is, not $was"
    case $1 in
    *.password*)
        [ "$(sha256sum <"$1" | cut -c 1-64)" = "$(cut -c 1-64 "$DELIVERED$1")" ] ||
            deviation "$1 is not as it was delivered"
        ;;
    *)
        cmp -s "$DELIVERED$1" "$1" || { deviation "$1 was changed:"; lines "$1"; }
        ;;
    esac
}

at_rest() { # SERVICE: it runs, or nothing is at work that would start it again, as an upgrade in the background
    case $(systemctl is-active "$1" 2>/dev/null) in
    active) ;;
    activating | deactivating | reloading) false ;;
    *) ! pgrep -x 'dpkg|rpm|dnf|yum|needrestart' >/dev/null 2>&1 ;;
    esac
}

drift() {
    if [ ! -e "$FOLDER/router" ]; then
        deviation "$FOLDER/router is gone: was this machine set up anew?"
    elif [ -e "$SERVICES" ]; then
        command -v bird >/dev/null || deviation "BIRD is not installed any more"
    fi
    if [ -d "$DELIVERED" ]; then
        find "$DELIVERED" -type f | sort | while read -r copy; do file_drift "${copy#"$DELIVERED"}"; done
    fi
    [ ! -e "$SERVICES" ] || while read -r unit; do
        systemctl is-active --quiet "$unit" 2>/dev/null || wait_until 60 at_rest "$unit" || :
        state=$(systemctl is-active "$unit" 2>/dev/null) ||
            deviation "$unit.service is ${state:-gone}, not active"
        state=$(systemctl is-enabled "$unit" 2>/dev/null) ||
            deviation "$unit.service is ${state:-gone}, not enabled: it would not start at boot"
    done <"$SERVICES"
    [ ! -e "$WANTED" ] || while read -r path value; do
        is=$(parameter "$path") || is=gone
        [ "$is" = "$value" ] || deviation "the kernel's parameter $(dotted "$path") is $is, not $value"
    done <"$WANTED"
    vrf_drift
    package_drift
    if [ -e "$SERVICES" ]; then
        networkd_drift
        blocked_drift
    fi
    echo looked
}

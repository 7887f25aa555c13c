# The VRF in which the configuration speaks BGP (calico-peering:vrf): whether the machine has it. A part of router.sh.
#
# `bird -p` does not look. BIRD 3.1.8 dies of a segmentation fault where the VRF's interface is not there and the
# sessions have a password; without one, and 2.0.12 always, the protocol goes down for lack of a listening socket
# and stays so when the VRF comes later (all seen).

vrf_of() { # FILE: the VRF of a configuration and the kernel's table; nothing where it has none
    [ ! -e "$1" ] || awk '
        $1 == "vrf" { vrf = $2; gsub(/[";]/, "", vrf) }
        $1 == "kernel" && $2 == "table" { table = $3; sub(/;/, "", table) }
        END { if (vrf != "") print vrf, table }' "$1"
}

vrf_table() { # with a line of `ip -details -oneline link` on standard input: its table, if it is a VRF
    sed -n 's/.*\\ *vrf table \([0-9]\{1,\}\).*/\1/p'
}

vrf_lacks() { # VRF TABLE: what is wrong with it, in words; nothing where it is right
    if ! link=$(ip -d -o link show dev "$1" 2>/dev/null); then
        echo "is no interface of this machine"
        return
    fi
    has=$(printf '%s\n' "$link" | vrf_table)
    if [ ! "$has" ]; then
        echo "is an interface of this machine, but no VRF"
    elif [ "$has" != "$2" ]; then
        echo "has the kernel's table $has, where calico-peering:kernelTable is $2"
    fi
}

vrf_stands() { [ ! "$(vrf_lacks "$@")" ]; } # VRF TABLE

check_vrf() { # FILE: a configuration that is about to be used
    of=$(vrf_of "$1")
    [ "$of" ] || return 0
    # shellcheck disable=SC2086
    lacks=$(vrf_lacks $of)
    [ ! "$lacks" ] || fail "the configuration speaks BGP in the VRF ${of% *} (calico-peering:vrf), which $lacks; the old
configuration is still in use. VRFs here: $(vrfs). Make it so that it is there after a reboot too, with the interface
towards the nodes in it (by hand: ip link add ${of% *} type vrf table ${of#* }), or change the setting."
}

vrfs() { # names and tables, for a message
    found=$(ip -d -o link show 2>/dev/null | while read -r _ name rest; do
        vrf_number=$(printf '%s\n' "$rest" | vrf_table)
        [ ! "$vrf_number" ] || printf '%s %s (table %s)' "${and:-}" "${name%%[:@]*}" "$vrf_number"
        [ ! "$vrf_number" ] || and=,
    done)
    echo "${found:- none}" | sed 's/^ *//'
}

wait_for_vrf() { # FILE: at boot the network may come after BIRD
    of=$(vrf_of "$1")
    # shellcheck disable=SC2086
    [ ! "$of" ] || wait_until 30 vrf_stands $of ||
        echo "calico-peering: BIRD starts without its VRF: ${of% *} $(vrf_lacks $of)" >&2
}

vrf_drift() { # of the configurations that were delivered
    [ ! -d "$DELIVERED" ] || find "$DELIVERED" -name 'bird*.conf' | while read -r copy; do vrf_of "$copy"; done |
        sort -u | while read -r of; do
        # shellcheck disable=SC2086
        lacks=$(vrf_lacks $of)
        [ ! "$lacks" ] || deviation "the VRF ${of% *} in which BIRD speaks BGP $lacks"
    done
}

# How systemd starts BIRD: with recovery where there is something to recover, and never with a
# configuration whose delivery a reboot cut off. A part of router.sh.
#
# `bird -R` keeps the routes of the kernel until the nodes have told theirs. On a fresh boot it would hold the
# first routes back instead, for as long as one listed node is down; so it is looked at each start. Where many
# nodes come at once it is wanted then too: the kernel is told each route once, and not once for each node.
# systemd starts the script by way of sh: under SELinux it may read what is in /var/lib, and not execute it.

drop_in() { echo "/etc/systemd/system/$service.service.d/calico-peering.conf"; }

own_lines() { # DIRECTIVE: what the unit without us has for it, from `systemctl cat` on standard input
    awk -v directive="$1" -v ours="$(drop_in)" '
        /^# \// { ignore = $2 == ours; next }
        ignore || /^[#;]/ { next }
        { line = line $0 }
        sub(/\\$/, " ", line) { next }
        index(line, directive "=") == 1 {
            value = substr(line, length(directive) + 2)
            sub(/^[ \t]+/, "", value)
            # An empty one takes all before it away.
            if (value == "") count = 0; else values[++count] = value
        }
        { line = "" }
        END { for (i = 1; i <= count; i++) print values[i] }'
}

drop_in_text() { # with `systemctl cat` on standard input
    unit=$(cat)
    echo "# Written by calico-peering, a Pulumi program, which takes it away again."
    echo "[Service]"
    echo "EnvironmentFile=-/run/calico-peering-$service.environment"
    echo "ExecStartPre="
    echo "ExecStartPre=-+/bin/sh $FOLDER/router starting $service"
    printf '%s\n' "$unit" | own_lines ExecStartPre | sed 's/^/ExecStartPre=/'
    echo "ExecStart="
    # systemd expands the variable.
    # shellcheck disable=SC2016
    printf '%s\n' "$unit" | own_lines ExecStart | sed 's/.*/ExecStart=& $CALICO_PEERING_RECOVERY/'
}

start_by_us() {
    wanted=$(systemctl cat "$service" | drop_in_text)
    # shellcheck disable=SC2016
    case $wanted in *'$CALICO_PEERING_RECOVERY'*) ;; *) fail "$service.service has no ExecStart line" ;; esac
    file=$(drop_in)
    [ ! -f "$file" ] || [ "$(cat "$file")" != "$wanted" ] || return 0
    mkdir -p "${file%/*}"
    printf '%s\n' "$wanted" >"$file.new" && mv -f "$file.new" "$file"
    systemctl daemon-reload
}

start_by_itself() {
    file=$(drop_in)
    rm -f "$file.new"
    [ -e "$file" ] || return 0
    rm -f "$file" "/run/calico-peering-$service.environment"
    rmdir "${file%/*}" 2>/dev/null || :
    systemctl daemon-reload
}

starting() { # by systemd, before BIRD reads its configuration
    if [ -d "$unfinished" ] && [ ! -e "$this_boot" ]; then
        put "$unfinished/$service.conf"
        # What the first delivery changed beside the file, the next run puts back.
        [ -e "$unfinished/first" ] || gone "$unfinished"
    fi
    wait_for_vrf "$configuration"
    echo "CALICO_PEERING_RECOVERY=$(recovery)" >"/run/calico-peering-$service.environment"
}

recovery() { # -R, or nothing
    recovers && { [ "$(routes)" ] || many_nodes; } && echo -R || :
}

recovers() { grep -q -s '^ *graceful restart yes;' "$configuration"; }

many_nodes() { # above 128, which have 255 next hops; with BIRD 3 all have, and it gathers changes by itself
    grep -q -s '^ *merge paths on limit 255;' "$configuration" &&
        case $(bird_version) in 3.*) false ;; esac
}

families() { # whose routes the daemon makes
    case $service$(bird_version) in bird6*) echo -6 ;; bird1.*) echo -4 ;; *) echo -4 -6 ;; esac
}

routes() { # those in the kernel that BIRD made
    for family in $(families); do ip "$family" route show table all proto bird 2>/dev/null || :; done
}

flush_routes() {
    for family in $(families); do ip "$family" route flush table all proto bird 2>/dev/null || :; done
}

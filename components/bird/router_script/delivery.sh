# The delivery of a configuration: BIRD runs the whole new one, or goes on with the whole old one.
# A part of router.sh.
#
# A delivery may be cut off anywhere: the connection, this shell, the machine's power. So before the file is
# renamed, the old one is kept in $unfinished, and a second process (`undo`, started by systemd, so no child
# of ours) waits for the lock that the kernel ends with us. Only after BIRD confirmed is $unfinished removed:
# that is the one moment at which the delivery is made. Before it,
# - when we end, `undo` gets the lock and puts file and daemon back, also when BIRD had confirmed already
#   (BIRD's own `configure timeout` only helps where `undo` does not come to it: in memory, after 30 s);
# - when the machine reboots, BIRD's start finds $unfinished without $this_boot, which is in /run, and puts
#   the file back before BIRD reads it (starting.sh).
# The password's file of either configuration is there all along: old ones go after that moment.
# A text that ends early has no last line, so it is not taken for a shorter configuration.

# The end of what comes on standard input (components/bird/bird_router.py)
END_OF_CONFIGURATION='# End of the configuration.'

deliver() { # [GENERATION of the password]
    command -v "$service" >/dev/null ||
        fail "$service is not on this machine any more: was BIRD's package removed by hand?"
    [ "${1:-}" != newest ] || set -- "$(newest_password)"
    case ${1:-} in *[!0-9]*) fail "the password's generation is a number" ;; esac
    generation=${1:-}
    alone 120
    undo
    trap 'rm -f "$staged"' EXIT
    stage
    check
    remember
    begin
    # No dependence on it being readable for all: it may name what only the machine's owner should know.
    readable_by_bird "$staged"
    sync "$staged"
    mv -f "$staged" "$configuration"
    sync "$home"
    if activate; then
        over
        clear_passwords "$configuration"
        kept "$configuration"
        kept "$(drop_in)"
        kept_running "$service"
        [ ! "$generation" ] || kept "$PASSWORD.$generation"
        echo "BIRD uses the configuration"
        return
    fi
    why=$reason
    undo
    fail "BIRD did not take the new configuration over; the previous one is back in its place. Why:
$(printf '%s\n' "$why" | indented)${reason:+
BIRD did not take the previous one back either:
$(printf '%s\n' "$reason" | indented)}"
}

stage() {
    rm -f "$staged"
    (umask 077 && sed "s,^include \"$PASSWORD\";\$,include \"$PASSWORD.$generation\";," >"$staged") ||
        fail "the new configuration could not be written to $home (see above); the old one is still in use"
    [ "$(tail -n 1 "$staged")" = "$END_OF_CONFIGURATION" ] ||
        fail "the new configuration did not come to its end on standard input; the old one is still in use"
}

check() {
    if grep -q -F "\"$PASSWORD.$generation\"" "$staged" && [ ! -f "$PASSWORD.$generation" ]; then
        fail "the configuration needs a password, and $PASSWORD.$generation is not there; the old configuration is still
in use. \`pulumi up --replace <URN of the command …-password>\` brings it again."
    fi
    if reason=$("$service" -p -c "$staged" 2>&1); then
        check_vrf "$staged"
        return
    fi
    line=$(printf '%s\n' "$reason" | grep -F "$staged" |
        sed -n -e 's/.*:\([0-9]\{1,\}\):[0-9]\{1,\} .*/\1/p' -e 's/.*, line \([0-9]\{1,\}\):.*/\1/p' | head -n 1)
    around=$(awk -v at="${line:--9}" 'NR >= at - 3 && NR <= at + 3 {
        printf "  %s %3d  %s\n", NR == at ? ">" : " ", NR, $0 }' "$staged")
    fail "BIRD refuses the new configuration; the old one is still in use. It says:
$(printf '%s\n' "$reason" | told | indented)
$around"
}

told() { # what BIRD says, without what it may say of a line in the password's file
    sed -E -e '/insecure memory/d' \
        -e "s#.*($PASSWORD\.[0-9]+)(:[0-9]|, line).*#the password's file \1 is not one that BIRD can read#"
}

begin() { # from now on it is put back unless it comes to its end
    # A start needs it, whether this delivery comes to its end or not.
    start_by_us
    systemd-run --quiet --collect --unit="calico-peering-undo-$service-$(now)-$$" \
        /bin/sh "$FOLDER/router" undo "$service" ||
        fail "systemd does not start what would undo this delivery if it were cut off (see above); the old
configuration is still in use"
    rm -rf "$unfinished.new"
    { mkdir -m 0700 "$unfinished.new" && keep "$unfinished.new"; } || unwritten
    [ ! "${first:-}" ] || : >"$unfinished.new/first" || unwritten
    ! active || : >"$unfinished.new/active" || unwritten
    : >"$this_boot"
    # On the disk before the new configuration is.
    find "$unfinished.new" -exec sync {} + || unwritten
    mv "$unfinished.new" "$unfinished" && sync "$FOLDER"
}

over() { # made, or undone
    gone "$unfinished"
    rm -f "$this_boot"
}

unwritten() { fail "what was there before could not be kept in $FOLDER (see above); it is still in use"; }

activate() {
    case $(systemctl is-enabled "$service" 2>/dev/null) in
    masked*) reason="$service.service is masked; \`systemctl unmask $service\` on the machine ends that"; return 1 ;;
    esac
    if active && ! another_password && ! all_at_once; then
        reconfigure timeout 30 && stands && reconfigure confirm || return 1
    else
        systemctl reset-failed "$service" 2>/dev/null || :
        { reason=$(systemctl restart "$service" 2>&1) && wait_until 15 came_up && answers; } || {
            reason="BIRD did not start. $reason
$(journal 10 | told)"
            return 1
        }
        stands || return 1
    fi
    systemctl is-enabled --quiet "$service" || reason=$(systemctl enable "$service" 2>&1)
}

all_at_once() { # many nodes, after the first delivery: a start with -R (starting.sh) is made for that
    [ "${first:-}" ] && recovers && many_nodes
}

another_password() { # than the one that BIRD has now: every session ends, but the routes may stay
    # BIRD takes the routes out of the kernel with the sessions when it is reconfigured, and leaves them there
    # when it is restarted (starting.sh): time for the nodes to hear of the new password too.
    [ ! -e "$unfinished/first" ] && recovers &&
        [ "$(included "$unfinished/$service.conf")" != "$(included "$configuration")" ]
}

included() { sed -n "s,^include \"\(${PASSWORD}[^\"]*\)\";\$,\1,p" "$1" 2>/dev/null; } # FILE: the password's file that it names

came_up() { answers || systemctl is-failed --quiet "$service"; }

stands() { # a protocol that cannot even begin, as when its port is taken, is down with an error
    wait_until 5 all_began && return
    reason="BIRD took the configuration, but not all of it runs:
$(client show protocols | awk '$4 == "down" && /Error/')
$(journal 5 | told)"
    return 1
}

all_began() { ! client show protocols | awk '$4 == "down" && /Error/ { found = 1 } END { exit !found }'; }

undo() { # what a delivery that did not come to its end has changed; $reason: why BIRD does not run it
    alone
    reason=
    [ -d "$unfinished" ] || { [ ! -e "$before" ] || clear_passwords "$configuration"; return 0; }
    if [ -e "$unfinished/first" ]; then
        put_back >/dev/null
        return
    fi
    put "$unfinished/$service.conf"
    if active; then
        reconfigure || { systemctl restart "$service" && wait_until 15 answers; } && reason=
    elif [ -e "$unfinished/active" ]; then
        systemctl reset-failed "$service" 2>/dev/null || :
        systemctl start "$service" && wait_until 15 came_up && answers || reason=$(journal 10 | told)
    fi
    over
}

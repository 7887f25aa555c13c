# BIRD's configuration and service as they were before the first delivery: kept, and given back.
# A part of router.sh.

places() {
    # BIRD says where it looks, but for 1.6: /etc/bird of Debian, /etc of RHEL.
    home=$(bird --help 2>&1 | sed -n 's,^ *\(/.*\)/bird\.conf$,\1,p') || :
    [ "$home" ] || home=$([ ! -d /etc/bird ] || [ -e /etc/bird.conf ] && echo /etc || echo /etc/bird)
    configuration=$home/$service.conf
    # In the same folder, so that putting it in place is one rename
    staged=$home/.calico-peering.$service
    # The configuration file as it was, and whether the service was enabled and active
    before=$FOLDER/before${service#bird}
    # What a delivery has to put back unless it comes to its end, and that it runs since this boot
    unfinished=$FOLDER/unfinished${service#bird}
    this_boot=/run/calico-peering-$service
}

remember() {
    [ ! -d "$before" ] || return 0
    rm -rf "$before.new"
    { mkdir -m 0700 "$before.new" && keep "$before.new"; } || unwritten
    systemctl is-enabled "$service" >"$before.new/enabled" 2>/dev/null || :
    systemctl is-active "$service" >"$before.new/active" 2>/dev/null || :
    mv "$before.new" "$before"
    first=yes
}

keep() { # FOLDER: the configuration is copied there, as it is with mode and owner
    [ ! -e "$configuration" ] && [ ! -L "$configuration" ] || cp -a "$configuration" "$1/$service.conf"
}

put() { # FILE: in place of BIRD's configuration, as it is with mode and owner; no file: no configuration
    if [ -e "$1" ] || [ -L "$1" ]; then
        cp -a "$1" "$staged" && sync "$staged" && mv -f "$staged" "$configuration"
    else
        rm -f "$configuration"
    fi
}

reconfigure() { # WORDS…: birdc's exit code says nothing, its words do
    reason=$(client configure "$@" 2>&1) || return 1
    case $reason in *Reconfigured* | *[Rr]"econfiguration "*"in progress"* | *confirmed*) ;; *) return 1 ;; esac
    wait_until 20 answers || { reason="BIRD did not finish its reconfiguration within 20 s"; return 1; }
}

restore() { # the command: with the passwords that nobody needs any more
    alone 120
    put_back
    clear_passwords /nothing
}

put_back() {
    [ -d "$before" ] || { over; echo "nothing to restore for $service"; return; }
    # `persist` would leave our routes in the kernel: BIRD has to withdraw them while it still knows them.
    if active && client disable '"calico*"' >/dev/null 2>&1; then
        wait_until 5 withdrawn || :
    fi
    put "$before/$service.conf"
    let_go "$configuration"; let_go "$(drop_in)"; let_stop "$service"
    start_by_itself
    case $(cat "$before/active") in
    active | activating | reloading)
        if active; then
            reconfigure || fail "$configuration is as it was before, but BIRD refuses it; mend it in
$before/$service.conf and run it again. BIRD says:
$(printf '%s\n' "$reason" | indented)"
            # Disabled protocols stay so, should the old configuration have one of this name.
            client enable '"calico*"' >/dev/null 2>&1 || :
        else
            flush_routes
            systemctl reset-failed "$service" 2>/dev/null || :
            systemctl start "$service" || fail "BIRD, which ran before, does not start with its old configuration:
$(journal 10)"
        fi
        ;;
    *)
        systemctl stop "$service" 2>/dev/null || :
        systemctl reset-failed "$service" 2>/dev/null || :
        flush_routes
        ;;
    esac
    case $(cat "$before/enabled") in
    enabled*) systemctl --quiet enable "$service" ;;
    disabled) systemctl --quiet disable "$service" ;;
    esac
    over
    rm -f "$staged"
    gone "$before"
    echo "the configuration and the service of $service are as they were"
}

gone() { # FOLDER: at once, since half of it would be taken for what was there before
    [ ! -d "$1" ] || { rm -rf "$1.gone"; mv "$1" "$1.gone"; }
    rm -rf "$1.gone"
}

withdrawn() {
    # Empty as well when BIRD had routes of its own: then the limit of the wait ends it.
    [ -z "$(routes)" ]
}

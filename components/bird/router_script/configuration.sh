# BIRD's configuration and service: taken over, and given back as they were before the first delivery.
# A part of router.sh.

# The configuration file as it was, and whether the service was enabled and active
BEFORE=$FOLDER/before

remember() {
    [ ! -d "$BEFORE" ] || return 0
    rm -rf "$BEFORE.new"; mkdir -m 0700 "$BEFORE.new"
    [ ! -e "$CONFIGURATION" ] && [ ! -L "$CONFIGURATION" ] ||
        cp -a "$CONFIGURATION" "$BEFORE.new/bird.conf"
    systemctl is-enabled bird >"$BEFORE.new/enabled" 2>/dev/null || :
    systemctl is-active bird >"$BEFORE.new/active" 2>/dev/null || :
    mv "$BEFORE.new" "$BEFORE"
    first=yes
}

put() { # FILE: in place of BIRD's configuration, as it is with mode and owner; no file: no configuration
    if [ -e "$1" ] || [ -L "$1" ]; then
        cp -a "$1" "$STAGED" && mv -f "$STAGED" "$CONFIGURATION"
    else
        rm -f "$CONFIGURATION"
    fi
}

reconfigure() { # WORDS…: birdc's exit code says nothing, its words do
    reason=$(birdc configure "$@" 2>&1) || return 1
    case $reason in *Reconfigured* | *[Rr]"econfiguration "*"in progress"* | *confirmed*) ;; *) return 1 ;; esac
    wait_until 20 answers || { reason="BIRD did not finish its reconfiguration within 20 s"; return 1; }
}

activate() {
    case $(systemctl is-enabled bird 2>/dev/null) in
    enabled) ;;
    masked*) reason="bird.service is masked; \`systemctl unmask bird\` on the machine ends that"; return 1 ;;
    *) reason=$(systemctl enable bird 2>&1) || return 1 ;;
    esac
    if active; then
        # Undone by BIRD itself, if this connection dies before it is confirmed.
        reconfigure timeout 30 && reconfigure confirm
        return
    fi
    systemctl reset-failed bird 2>/dev/null || :
    reason=$(systemctl start bird 2>&1) && wait_until 15 answers && return
    reason="BIRD did not start. $reason
$(journal 10)"
    return 1
}

deliver() {
    command -v bird >/dev/null || fail "BIRD is not on this machine any more: was its package removed by hand?"
    trap 'rm -f "$STAGED" "$FOLDER/previous"' EXIT
    (umask 077 && cat >"$STAGED")
    [ -s "$STAGED" ] || fail "no configuration came on standard input"
    if ! reason=$(bird -p -c "$STAGED" 2>&1); then
        line=$(printf '%s\n' "$reason" | sed -n 's/.*:\([0-9][0-9]*\):[0-9][0-9]* .*/\1/p' | head -n 1)
        around=$(awk -v at="${line:-0}" 'NR >= at - 3 && NR <= at + 3 {
            printf "  %s %3d  %s\n", NR == at ? ">" : " ", NR, $0 }' "$STAGED")
        fail "BIRD refuses the new configuration; the old one is still in use. It says:
$(printf '%s\n' "$reason" | grep -v 'insecure memory' | indented)
$around"
    fi
    remember
    rm -f "$FOLDER/previous"
    [ "${first:-}" ] || [ ! -e "$CONFIGURATION" ] || cp -a "$CONFIGURATION" "$FOLDER/previous"
    # The daemon runs as user bird and has only to read it.
    chown "root:$(getent group bird >/dev/null && echo bird || echo root)" "$STAGED"
    chmod 0640 "$STAGED"
    mv -f "$STAGED" "$CONFIGURATION"
    activate && { kept "$CONFIGURATION"; kept_running bird; echo "BIRD uses the configuration"; return; }
    why=$reason
    if [ "${first:-}" ]; then
        restore >/dev/null
    else
        put "$FOLDER/previous"
        ! active || reconfigure || why="$why
BIRD did not take the previous configuration back either: $reason"
    fi
    fail "BIRD did not take the new configuration over; the previous one is back in its place. Why:
$(printf '%s\n' "$why" | indented)"
}

restore() {
    [ -d "$BEFORE" ] || { echo "nothing to restore"; return; }
    # `persist` would leave our routes in the kernel: BIRD has to withdraw them while it still knows them.
    if active && birdc 'disable "calico*"' >/dev/null 2>&1; then
        wait_until 5 withdrawn || :
    fi
    put "$BEFORE/bird.conf"
    let_go "$CONFIGURATION"; rm -f "$SERVICES"
    case $(cat "$BEFORE/active") in
    active | activating | reloading)
        if active; then
            reconfigure || fail "$CONFIGURATION is as it was before, but BIRD refuses it; mend it in
$BEFORE/bird.conf and run it again. BIRD says:
$(printf '%s\n' "$reason" | indented)"
            # Disabled protocols stay so, should the old configuration have one of this name.
            birdc 'enable "calico*"' >/dev/null 2>&1 || :
        else
            ip route flush proto bird
            systemctl start bird || fail "BIRD, which ran before, does not start with its old configuration:
$(journal 10)"
        fi
        ;;
    *)
        systemctl stop bird 2>/dev/null || :
        systemctl reset-failed bird 2>/dev/null || :
        ip route flush proto bird
        ;;
    esac
    case $(cat "$BEFORE/enabled") in
    enabled*) systemctl --quiet enable bird ;;
    disabled) systemctl --quiet disable bird ;;
    esac
    rm -rf "$BEFORE"
    echo "BIRD's configuration and service are as they were"
}

withdrawn() {
    # Empty as well when BIRD had routes of its own: then the limit of the wait ends it.
    [ -z "$(ip route show proto bird)" ]
}

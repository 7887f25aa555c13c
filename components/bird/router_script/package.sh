# BIRD's package: brought when it is missing, taken away again with exactly what came along.
# A part of router.sh.

# "purge NAME" or "remove NAME" for each package that came with install
NEW=$FOLDER/packages

packages() { dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' 2>/dev/null; }

patient() { # COMMAND…: repeated while another process holds one of apt's or dpkg's locks
    locked_until=$(($(now) + 300))
    while ! output=$("$@" </dev/null 2>&1); do
        printf '%s\n' "$output" | grep -q -E 'Could not get lock|Unable to (lock|acquire)|was locked by' ||
            return 1
        [ "$(now)" -lt "$locked_until" ] || return 1
        sleep 2
    done
}

apt_install() {
    patient apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold \
        install --no-install-recommends bird2
}

install() {
    if command -v bird >/dev/null; then
        version=$(bird --version 2>&1 | sed -n 's/^BIRD version //p')
        case $version in
        '' | 0.* | 1.*) fail "BIRD ${version:-of an unknown version} is on this machine; version 2 or newer" \
            "is needed (1.x knows no neighbor range). Move its configuration away and remove its package" \
            "(apt-get purge bird; then: ip route flush proto bird), and run it again." ;;
        esac
        echo "BIRD $version is there"
        return
    fi
    command -v apt-get >/dev/null ||
        fail "BIRD is not on this machine, and there is no apt-get to install it: install BIRD 2 by hand."
    had=$(mktemp); packages >"$had"
    # A fresh machine has no lists, an old one stale lists.
    apt_install || { patient apt-get -q update && apt_install; } || failed=yes
    # Also after a failure: what came half of the way has to go as well.
    packages | awk -v file="$had" '
        BEGIN { while ((getline line < file) > 0) { split(line, word, " "); had[word[1]] = word[2] } }
        had[$1] == $2 || $2 == "not-installed" || $2 == "config-files" { next }
        had[$1] == "" || had[$1] == "not-installed" { print "purge", $1; next }
        had[$1] == "config-files" { print "remove", $1 }' >>"$NEW"
    rm -f "$had"
    if [ "${failed:-}" ]; then
        printf 'bird2 could not be installed; apt says:\n%s\n' "$(printf '%s\n' "$output" | tail -n 15 | indented)" >&2
        exit 1
    fi
    echo "installed: $(awk '{ print $2 }' "$NEW" | tr '\n' ' ')"
}

uninstall() {
    [ -f "$NEW" ] || { echo "no package came with the installation"; return; }
    for how in purge remove; do
        names=$(awk -v how=$how '$1 == how { print $2 }' "$NEW" | sort -u)
        # Nothing but these: dpkg keeps a library that another package has come to need.
        # shellcheck disable=SC2086
        [ -z "$names" ] || patient dpkg "--$how" $names || refused="${refused:-}$output"
    done
    kept=$(packages | awk -v file="$NEW" '
        BEGIN { while ((getline line < file) > 0) { split(line, word, " "); ours[word[2]] = 1 } }
        ours[$1] && $2 != "not-installed" && $2 != "config-files" { print $1 }' | tr '\n' ' ')
    case $kept in
    *bird2*) fail "the package bird2 could not be removed; dpkg says:
$(printf '%s\n' "${refused:-nothing}" | tail -n 15 | indented)" ;;
    ?*) echo "kept, because other packages need them now: $kept" ;;
    esac
    rm -f "$NEW"
}

# BIRD's package: brought when it is missing, taken away again with exactly what came along.
# A part of router.sh. On Debian-like systems by apt and dpkg, on RHEL-like ones by dnf and rpm.

# "purge NAME" or "remove NAME" for each package that came with install
NEW=$FOLDER/packages
# "NAME VERSION" of the package whose version is pinned
PINNED=$FOLDER/pinned
# Where files of packages are brought to, by the login and not by root
FILES=/var/lib/calico-peering-files

by_apt() { command -v apt-get >/dev/null; }

packages() { # "NAME STATE" of each
    if by_apt; then
        dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' 2>/dev/null
    else
        rpm -q --all --queryformat '%{NAME} installed\n' | sort -u
    fi
}

package_of() { # SERIES: what the package with it is called
    case $1 in 2 | 3) by_apt && echo "bird$1" || echo bird ;; *) echo bird ;; esac
}

package_version() { # NAME
    if by_apt; then
        dpkg-query -W -f '${Version}' "$1" 2>/dev/null
    else
        rpm -q --queryformat '%{VERSION}-%{RELEASE}' "$1"
    fi
}

bird_version() { bird --version 2>&1 | sed -n 's/^BIRD version \([^ ]*\).*/\1/p'; }

series_of() { # VERSION
    case $1 in 1.6.*) echo 1.6 ;; ?*) echo "${1%%.*}" ;; esac
}

came_with_us() { # NAME
    [ -f "$NEW" ] && awk -v name="$1" '{ sub(/:.*/, "", $2) } $2 == name { found = 1 } END { exit !found }' "$NEW"
}

patient() { # COMMAND…: repeated while another process holds one of apt's or dpkg's locks
    locked_until=$(($(now) + 300))
    while ! output=$("$@" </dev/null 2>&1); do
        printf '%s\n' "$output" | grep -q -E 'Could not get lock|Unable to (lock|acquire)|was locked by' ||
            return 1
        [ "$(now)" -lt "$locked_until" ] || return 1
        sleep 2
    done
}

from_sources() { # OPTIONS…: the package, or only fetched with --download-only / --downloadonly
    if by_apt; then
        patient apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold install \
            --no-install-recommends --allow-downgrades "$@" "$package${wanted:+=$wanted}"
    else
        # The name says no series there, and a source may have several.
        patient dnf -q -y install --setopt=install_weak_deps=False "$@" "$package-${wanted:-$series.*}"
    fi
}

bring() { # OPTIONS…
    if [ "$files" ]; then
        [ $# = 0 ] || return 0
        # All at once, so that they may need one another; rpm installs nothing if one cannot be.
        # shellcheck disable=SC2046
        set -- $(printf '%s\n' "$files" | sed "s,^[^ ]* [ *],$FILES/,")
        if by_apt; then patient dpkg --force-confold --install "$@"; else
            patient rpm --upgrade --oldpackage --replacepkgs "$@"
        fi
        return
    fi
    from_sources "$@" && return
    # A fresh machine has no lists, an old one stale lists.
    if by_apt; then patient apt-get -q update; else patient dnf -q -y makecache --refresh; fi && from_sources "$@"
}

install() { # SERIES [VERSION]; on standard input the package files to take, as sha256sum says it
    series=$1 wanted=${2:-} files=$(cat)
    by_apt || command -v rpm >/dev/null || command -v bird >/dev/null ||
        fail "BIRD is not on this machine, and there is neither apt nor dnf to install it: install BIRD $series by hand."
    package=$(package_of "$series")
    if [ "$wanted" ] && [ ! "$files" ]; then echo "$package $wanted" >"$PINNED"; else rm -f "$PINNED"; fi
    if [ "$files" ]; then
        checked=$(cd "$FILES" 2>&1 && printf '%s\n' "$files" | sha256sum --check --quiet 2>&1) || fail \
            "the package files are not in $FILES as they were sent:
$(printf '%s\n' "$checked" | indented)"
    fi
    if command -v bird >/dev/null; then
        version=$(bird_version) there=$(series_of "$(bird_version)")
        if [ "$there" = "$series" ]; then
            if came_with_us "$package"; then
                fits && { echo "BIRD $version is there"; return; }
            else
                [ ! "$wanted" ] || fits || fail "$package $(package_version "$package") is on this machine, installed by somebody else;" \
                    "calico-peering:birdPackageVersion asks for $wanted. Empty that setting, or install that version by hand."
                echo "BIRD $version is there"; return
            fi
        else
            old=$(package_of "$there")
            came_with_us "$old" || fail "BIRD ${version:-of an unknown version} is on this machine, installed by somebody" \
                "else; calico-peering:birdVersion asks for $series. Set that to ${there:-its version}, or move its configuration away and" \
                "remove its package ($(by_apt && echo purge || echo rpm --erase) $old; then: ip route flush proto bird), and run it again."
            # As long as the new one is not to be had, the old one stays.
            bring "$(by_apt && echo --download-only || echo --downloadonly)" || not_installed
            for service in bird6 bird; do places; put_back; done
            uninstall
            # Of both families, now that no BIRD is there; the new one knows nothing of the old one's tables.
            service=bird; flush_routes
        fi
    fi
    had=$(mktemp); packages >"$had"
    bring || failed=yes
    # Also after a failure: what came half of the way has to go as well.
    packages | awk -v file="$had" '
        BEGIN { while ((getline line < file) > 0) { split(line, word, " "); had[word[1]] = word[2] } }
        had[$1] == $2 || $2 == "not-installed" || $2 == "config-files" { next }
        had[$1] == "" || had[$1] == "not-installed" { print "purge", $1; next }
        had[$1] == "config-files" { print "remove", $1 }' >>"$NEW"
    rm -f "$had"
    [ ! "${failed:-}" ] || not_installed
    version=$(bird_version)
    [ "$(series_of "$version")" = "$series" ] || fail "the package $package brought BIRD ${version:-that says no version};" \
        "calico-peering:birdVersion asks for $series. Set that, or birdPackageVersion, so that both agree."
    echo "installed: $(awk '{ print $2 }' "$NEW" | tr '\n' ' ')"
}

not_installed() {
    fail "$package${wanted:+ $wanted} could not be installed; $(by_apt && echo apt || echo dnf) says:
$(printf '%s\n' "$output" | tail -n 15 | indented)$(by_apt || [ "$files" ] || printf '\n%s' \
        "BIRD is in EPEL: is that among this machine's sources (dnf repolist)?")"
}

fits() { # whether what is there is the wanted version
    [ ! "$files" ] || return 1
    case $(package_version "$package") in "${wanted:-}" | "${wanted:-}"-*) ;; *) [ ! "$wanted" ] ;; esac
}

package_drift() {
    [ -s "$PINNED" ] && command -v bird >/dev/null || return 0
    read -r package wanted <"$PINNED"; files=
    fits || deviation "$package is $(package_version "$package"), not $wanted (calico-peering:birdPackageVersion);" \
        "\`$(by_apt && echo apt-mark hold || echo dnf versionlock add) $package\` keeps upgrades in the background from it"
}

take_away() { # purge|remove NAMES…
    how=$1; shift
    if by_apt; then
        # Nothing but these: dpkg keeps a library that another package has come to need.
        patient dpkg "--$how" "$@" || refused="${refused:-}$output"
        return
    fi
    # All of them or none, so then one by one, what needs others first.
    patient rpm --erase "$@" && return
    refused=$output
    for name in "$@" "$@"; do patient rpm --erase "$name" || :; done
}

uninstall() {
    [ -f "$NEW" ] || { echo "no package came with the installation"; return; }
    for how in purge remove; do
        names=$(awk -v how=$how '$1 == how { print $2 }' "$NEW" | sort -u)
        # shellcheck disable=SC2086
        [ -z "$names" ] || take_away $how $names
    done
    kept=$(packages | awk -v file="$NEW" '
        BEGIN { while ((getline line < file) > 0) { split(line, word, " "); ours[word[2]] = 1 } }
        ours[$1] && $2 != "not-installed" && $2 != "config-files" { print $1 }' | tr '\n' ' ')
    case " $kept" in
    *" bird "* | *" bird2 "* | *" bird3 "*) fail "BIRD's package could not be removed; what removes it says:
$(printf '%s\n' "${refused:-nothing}" | tail -n 15 | indented)" ;;
    *" "?*) echo "kept, because other packages need them now: $kept" ;;
    esac
    rm -f "$NEW"
}

receive() { # a folder for package files, which the login that copies them there may write to
    # /var/lib is there: only the last folder is made.
    # shellcheck disable=SC2174
    mkdir -p -m 0700 "$FILES"
    chown "${SUDO_USER:-root}" "$FILES"
}

discard() { rm -rf "$FILES"; }

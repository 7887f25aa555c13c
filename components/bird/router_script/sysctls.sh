# The kernel's parameters: set as traffic over many nodes needs them, kept over reboots, and given back.
# A part of router.sh. What is asked comes on standard input, one `KEY VALUE` a line: any number of address (of
# this machine, on the interface towards the nodes) and node (where that interface is found by the route), vrf (in
# which), and forward (4 or 6: packets of that family are passed on). Why each is set: docs/real-site.md.

# PATH BEFORE OURS of each parameter that is not as it was; paths are those below /proc/sys
SYSCTLS=$FOLDER/sysctls
# PATH OURS of all, also of those that were right before
WANTED=$FOLDER/sysctls.wanted
SYSCTL_FILE=/etc/sysctl.d/90-calico-peering.conf

parameter() { cat "/proc/sys/$1" 2>/dev/null; }
asked() { printf '%s\n' "$asked" | awk -v key="$1" '$1 == key { print $2 }'; }
record_of() { awk -v path="$1" '$1 == path' "$SYSCTLS"; } # PATH
ours() { [ "$(record_of "$1")" ]; } # PATH: whether we changed it

dotted() { # PATH: as sysctl.d has it; slashes stay where an interface's name has a dot
    case $1 in *.*) printf '%s' "$1" ;; *) printf '%s' "$1" | tr / . ;; esac
}

set_parameter() { # PATH VALUE
    redirects=net/ipv4/conf/all/accept_redirects
    was=$(parameter $redirects)
    { echo "$2" >"/proc/sys/$1"; } 2>/dev/null || fail "the kernel's parameter $(dotted "$1") cannot be set to $2
here (is this a container?); set calico-peering:sysctls to false, and see to it outside: docs/real-site.md"
    # The kernel sets that one along.
    [ "$1" != net/ipv4/ip_forward ] || echo "$was" >/proc/sys/$redirects
}

interfaces() { # those towards the nodes
    {
        for address in $(asked address); do ip -o address show to "$address" | awk '{ print $2 }'; done
        vrf=$(asked vrf)
        for node in $(asked node); do
            # shellcheck disable=SC2086
            ip route get "$node" ${vrf:+vrf $vrf} 2>/dev/null |
                awk '{ for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1) }'
        done
    } | sort -u
}

forwarding() { # SWITCH FAMILY: it, and the interfaces' own, which the kernel sets along with it
    for path in /proc/sys/net/"ipv$2"/conf/*/forwarding; do
        path=${path#/proc/sys/}
        case $path in */all/* | "$1") continue ;; esac
        # Those that were on already will be so again.
        if ours "$path" || { ! ours "$1" && [ "$(parameter "$1")$(parameter "$path")" = 01 ]; }; then
            along="$along$path 1
"
        fi
    done
    printf '%s 1\n%s' "$1" "$along"
}

wanted() { # PATH VALUE of every parameter, in the order in which they are set
    versions=$(for address in $(asked address) $(asked node); do
        case $address in *:*) echo 6 ;; *) echo 4 ;; esac
    done | sort -u)
    for version in $versions; do echo "net/ipv$version/fib_multipath_hash_policy 1"; done
    for version in $(asked forward); do
        along=
        if [ "$version" = 4 ]; then
            forwarding net/ipv4/ip_forward 4
            continue
        fi
        # A router takes no default route from others' advertisements, unless it is told to.
        for interface in $(ip -6 route show default proto ra |
            awk '{ for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1) }' | sort -u); do
            path=net/ipv6/conf/$interface/accept_ra
            if ours "$path" || [ "$(parameter "$path")" = 1 ]; then echo "$path 2"; fi
        done
        forwarding net/ipv6/conf/all/forwarding 6
    done
    interfaces=$(interfaces)
    for version in $versions; do
        # A host heeds redirects if either is on, a router only if both are; of IPv6 the interface alone counts.
        [ "$version" = 6 ] || echo net/ipv4/conf/all/accept_redirects 0
        for interface in $interfaces; do
            conf=net/ipv$version/conf/$interface
            echo "$conf/accept_redirects 0"
            [ "$version" = 4 ] || continue
            # The higher of the two counts: 0 is off, 1 strict, 2 loose.
            strict=$(printf '%s\n' "$(parameter net/ipv4/conf/all/rp_filter)" "$(parameter "$conf/rp_filter")" |
                sort -n | tail -n 1)
            if ours "$conf/rp_filter" || [ "$strict" = 1 ]; then echo "$conf/rp_filter 2"; fi
        done
    done
}

sysctls() {
    asked=$(cat)
    [ -f "$SYSCTLS" ] || [ ! -e "$SYSCTL_FILE" ] || cp -a "$SYSCTL_FILE" "$SYSCTLS.file"
    [ -f "$SYSCTLS" ] || : >"$SYSCTLS"
    wanted | while read -r path value; do
        [ ! -e "/proc/sys/$path" ] || echo "$path $value"
    done >"$WANTED.new"
    # What another interface had, or is forwarded no more.
    awk 'NR == FNR { wanted[$1]; next } !($1 in wanted)' "$WANTED.new" "$SYSCTLS" >"$SYSCTLS.less"
    give_back "$SYSCTLS.less"
    # Remembered before anything is set.
    while read -r path value; do
        now=$(parameter "$path")
        case $path in */conf/*/forwarding) along=yes ;; *) along= ;; esac
        if ours "$path"; then
            record_of "$path"
        elif [ "$now" != "$value" ] || [ "$along" ]; then
            echo "$path $now $value"
        fi
    done <"$WANTED.new" >"$SYSCTLS.new"
    mv "$SYSCTLS.new" "$SYSCTLS"; mv "$WANTED.new" "$WANTED"; rm "$SYSCTLS.less"
    while read -r path value; do
        [ "$(parameter "$path")" = "$value" ] || set_parameter "$path" "$value"
    done <"$WANTED"
    {
        echo "# Written by calico-peering, a Pulumi program, which takes it back on destroy."
        while read -r path value; do
            case $path in */conf/all/forwarding) ;; */forwarding) continue ;; esac
            echo "$(dotted "$path") = $value"
        done <"$WANTED"
    } >"$SYSCTL_FILE.new"
    chmod 0644 "$SYSCTL_FILE.new"; mv -f "$SYSCTL_FILE.new" "$SYSCTL_FILE"
    kept "$SYSCTL_FILE"
    echo "set: $(while read -r path value; do printf '%s=%s ' "$(dotted "$path")" "$value"; done <"$WANTED")"
}

give_back() { # FILE with lines PATH BEFORE OURS
    # All are looked at first, since some set others along.
    while read -r path before ours; do
        # Of an interface that is gone there is nothing to give back.
        now=$(parameter "$path") || continue
        if [ "$now" = "$ours" ]; then
            echo "$path $before"
        elif [ "$now" != "$before" ]; then
            echo "$(dotted "$path") stays at $now: somebody set that after it was set to $ours here (before: $before)" >&2
        fi
    done <"$1" >"$1.back"
    while read -r path before; do set_parameter "$path" "$before"; done <"$1.back"
    rm "$1.back"
}

sysctls_back() {
    [ -f "$SYSCTLS" ] || { echo "no kernel parameter was set"; return; }
    give_back "$SYSCTLS"
    let_go "$SYSCTL_FILE"
    if [ -e "$SYSCTLS.file" ]; then mv -f "$SYSCTLS.file" "$SYSCTL_FILE"; else rm -f "$SYSCTL_FILE"; fi
    rm -f "$SYSCTLS" "$WANTED"
    echo "the kernel's parameters are as they were"
}

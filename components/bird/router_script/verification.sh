# Whether the connection stands: sessions with all nodes, and the routes in the kernel with all next hops.
# A part of router.sh. What is expected comes on standard input, one `KEY VALUE` a line: as (of this machine),
# timeout (seconds), limit (the most next hops that BIRD puts into one route), table (the kernel's, where it is
# not main), vrf (in which BGP is spoken, where it is one), pod_next_hops (`one` where any next hop is right for a
# pod's prefix), and any number of daemon, address (of this machine), node (whoever it peers with),
# announces_none (a node that is no next hop of services), service and pod, of both families; other keys say
# nothing here. Its output on success, a line `session NODE STATE PROTOCOL`
# for each node, `route PREFIX NEXTHOP…` for each route and `warning TIME TEXT` (in seconds since 1970) for what does
# harm though all sessions are Established, is read by components/bird/observed.py.

# One awk program reads all texts: `birdc show protocols all`, BGP.next_hop of link-local next hops, `ip route`.
# Addresses are compared as strings of bits, since awk's numbers are too short for IPv6.
judge() { # EXPECTED PROTOCOLS ALIASES ROUTES: the lines of the output, and `missing …` for each lack
    awk '
    function binary(number, width,  text) {
        for (; width > 0; width--) { text = number % 2 text; number = int(number / 2) }
        return text
    }
    function hexadecimal(word,  i, number) {
        for (i = 1; i <= length(word); i++)
            number = number * 16 + index("0123456789abcdef", substr(word, i, 1)) - 1
        return number
    }
    function bits(address,  text, part, left, right, at, first, last, i, found) {
        if (address in known_bits) return known_bits[address]
        text = tolower(address); sub(/%.*/, "", text)
        if (text !~ /:/) {
            split(text, part, ".")
            for (i = 1; i <= 4; i++) found = found binary(part[i], 8)
        } else {
            if (match(text, /[0-9]+\.[0-9.]+$/)) {
                split(substr(text, RSTART), part, ".")
                text = substr(text, 1, RSTART - 1) \
                    sprintf("%x:%x", part[1] * 256 + part[2], part[3] * 256 + part[4])
            }
            at = index(text, "::")
            first = split(at ? substr(text, 1, at - 1) : text, left, ":")
            last = at ? split(substr(text, at + 2), right, ":") : 0
            for (i = 1; i <= first; i++) found = found binary(hexadecimal(left[i]), 16)
            for (i = first + last; i < 8; i++) found = found "0000000000000000"
            for (i = 1; i <= last; i++) found = found binary(hexadecimal(right[i]), 16)
        }
        return known_bits[address] = found
    }
    function size(network,  part) {
        return split(network, part, "/") == 2 ? part[2] : length(bits(network))
    }
    function start(network,  part) {
        split(network, part, "/")
        return substr(bits(part[1]), 1, size(network))
    }
    function family(network,  part) {
        split(network, part, "/")
        return length(bits(part[1]))
    }
    function inside(prefix, network) {
        return family(prefix) == family(network) && size(prefix) >= size(network) \
            && substr(start(prefix), 1, size(network)) == start(network)
    }
    function same(prefix, network) { return inside(prefix, network) && inside(network, prefix) }

    # Sets lacking (how many next hops are) and names (which, or how many there are at all).
    function look(prefix, of_services,  i, there, wanted) {
        lacking = 0; names = ""; there = 0; wanted = 0
        for (i = 1; i <= nodes; i++) if (length(bits(node[i])) == family(prefix) &&
                !(of_services && node[i] in announces_none)) {
            wanted++
            if ((prefix, bits(node[i])) in hop) there++
            else if (++lacking <= 10) names = names " " node[i]
        }
        if (lacking > 10) names = names " and " lacking - 10 " more"
        if (limit && wanted > limit) {
            lacking = there < limit ? limit - there : 0
            names = " it has " there " of the " limit " that BIRD puts into one route"
        }
    }

    kind == "expected" && $1 == "address" { own[length(bits($2))] = $2 }
    kind == "expected" && $1 == "as" { as = $2 }
    kind == "expected" && $1 == "limit" { limit = $2 }
    kind == "expected" && $1 == "node" { node[++nodes] = $2 }
    kind == "expected" && $1 == "announces_none" { announces_none[$2] = 1 }
    kind == "expected" && $1 == "service" { service[++services] = $2 }
    kind == "expected" && $1 == "pod" { pod[++pods] = $2 }
    kind == "expected" && $1 == "pod_next_hops" { one = $2 == "one" }

    kind == "protocols" && /^[^ ]/ { protocol = $1; now = ""; peer = "" }
    kind == "protocols" && /^ *BGP state:/ { now = $3 }
    # An old session with the same node may still be going down beside the new one.
    kind == "protocols" && /^ *Neighbor address:/ {
        peer = bits($3)
        if (state[peer] != "Established") { state[peer] = now; name[peer] = protocol }
    }
    kind == "protocols" && /^ *Last error:/ { text = $0; sub(/^ *Last error: */, "", text); error[peer] = text }

    kind == "aliases" { alias[bits($3)] = bits($2) }

    kind == "routes" && /^[^ \t]/ {
        prefix = $1 ~ /^[a-z]+$/ && $1 != "default" ? $2 : $1
        if (prefix == "default") prefix = routes6 ? "::/0" : "0.0.0.0/0"
        if (prefix !~ /\//) prefix = prefix "/" length(bits(prefix))
        route[++routes] = prefix; path[routes] = ""
    }
    kind == "routes" {
        for (i = 1; i < NF; i++) if ($i == "via") {
            gateway = $(i + 1) == "inet6" ? $(i + 2) : $(i + 1)
            hop[prefix, bits(gateway)] = 1
            # On every interface another machine has the same link-local address.
            if (bits(gateway) in alias) hop[prefix, alias[bits(gateway)]] = 1
            for (j = i; j < NF; j++) if ($j == "dev" && tolower(gateway) ~ /^fe[89ab]/)
                gateway = gateway "%" $(j + 1)
            path[routes] = path[routes] " " gateway
        }
    }

    END {
        for (i = 1; i <= nodes; i++) {
            n = node[i]; peer = bits(n)
            print "session", n, (state[peer] == "" ? "None" : state[peer]), (name[peer] == "" ? "-" : name[peer])
            # A session that is waited for and never came says no more than none at all.
            if (state[peer] == "" || (state[peer] == "Passive" && error[peer] == "")) {
                if (++absent[length(peer)] <= 10)
                    silent[length(peer)] = silent[length(peer)] (absent[length(peer)] == 1 ? "" : ", ") n
            } else if (state[peer] != "Established")
                print "missing session with " n ": BIRD says " state[peer] \
                    (error[peer] == "" ? "" : ", " error[peer]) ". Is TCP/179 open between " n " and " \
                    own[length(peer)] ", and are AS numbers and passwords right on both sides?"
        }
        for (i = 32; i <= 128; i += 96) if (absent[i])
            print "missing session with " silent[i] (absent[i] > 10 ? " and " absent[i] - 10 " more" : "") \
                ": BIRD has heard nothing from there. Is TCP/179 open from the nodes to " own[i] \
                "? Is Calico'"'"'s BGPPeer there, with peerIP " own[i] " and asNumber " as "?"
        for (i = 1; i <= services; i++) {
            found = ""
            for (j = 1; j <= routes; j++) if (same(route[j], service[i])) found = route[j]
            if (found == "")
                print "missing route to the service network " service[i] ": not in the kernel. Is it in" \
                    " serviceClusterIPs of BGPConfiguration default?"
            else {
                look(found, 1)
                if (lacking) print "missing next hops of " service[i] ":" names ". Do these nodes announce" \
                    " it (label node.kubernetes.io/exclude-from-external-load-balancers)?"
            }
        }
        for (i = 1; i <= pods; i++) {
            best = ""; least = -1
            for (j = 1; j <= routes; j++) if (inside(route[j], pod[i])) {
                look(route[j], 0)
                if (one) lacking = 0
                if (least < 0 || lacking < least) { least = lacking; best = route[j] ; which = names }
            }
            if (least < 0)
                print "missing route into the pod network " pod[i] ": no prefix inside it is in the kernel." \
                    " Is it an IPPool of Calico with a block on some node?"
            else if (least > 0)
                print "missing next hops of " best " (pod network " pod[i] "):" which
        }
        for (i = 1; i <= routes; i++) print "route " route[i] path[i]
    }' kind=expected "$1" kind=protocols "$2" kind=aliases "$3" kind=routes "$4/routes" routes6=1 "$4/routes6"
}

client_of() { case $1 in bird6) echo birdc6 ;; *) echo birdc ;; esac }

kernel_routes() { # FAMILY: as `ip route` prints those from BIRD
    # The kernel's first answer to a socket is a page at most. A route with more than about 230 next hops (130
    # of IPv6) has no room in it, and then nothing at all is told, with exit code 0. Later answers are larger.
    printf 'route show exact default proto 250\nroute show %s proto bird\n' "${table:+table $table}" |
        ip "-$1" -batch - 2>/dev/null || :
}

look() {
    : >"$scratch/protocols"; : >"$scratch/aliases"
    kernel_routes 4 >"$scratch/routes"
    kernel_routes 6 >"$scratch/routes6"
    for daemon in ${daemons:-bird}; do
        "$(client_of "$daemon")" show protocols all >>"$scratch/protocols" 2>&1 || :
        # Whose a link-local next hop is, BIRD knows: the node told it beside its own address.
        ! grep -q ' via fe[89ab]' "$scratch/routes6" ||
            "$(client_of "$daemon")" show route all 2>/dev/null |
            awk '$1 == "BGP.next_hop:" && $3 ~ /^fe[89ab]/' | sort -u >>"$scratch/aliases"
    done
    judge "$scratch/expected" "$scratch/protocols" "$scratch/aliases" "$scratch" >"$scratch/verdict"
    ! grep -q '^missing ' "$scratch/verdict"
}

expected() { awk -v key="$1" '$1 == key { print $2 }' "$scratch/expected"; } # KEY: its values

verify() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    cat >"$scratch/expected"
    seconds=$(expected timeout); table=$(expected table); daemons=$(expected daemon)
    if wait_until "${seconds:-90}" look; then
        grep -E '^(session|route) ' "$scratch/verdict"
        { not_forwarded; networkd_warning; } | sed "s/^/warning $(now) /"
        return
    fi
    {
        echo "The connection does not stand after ${seconds:-90} s:"
        for daemon in ${daemons:-bird}; do
            systemctl is-active --quiet "$daemon" ||
                echo "- BIRD ($daemon.service) is not running on this machine."
        done
        awk '$1 == "session" && $3 != "Established" { print $2 ~ /:/ ? 6 : 4 }' "$scratch/verdict" | sort -u |
            while read -r family; do kept_out "$family" | sed 's/^/- /'; done
        for vrf in $(expected vrf); do
            lacks=$(vrf_lacks "$vrf" "$table")
            [ ! "$lacks" ] || echo "- the VRF $vrf (calico-peering:vrf) $lacks."
        done
        for address in $(expected address); do
            has_address "$address" || echo "- $(address_missing "$address")"
        done
        { not_forwarded; networkd_warning; } | sed 's/^/- /'
        sed -n 's/^missing /- missing /p' "$scratch/verdict"
        echo "Look further with \`birdc show protocols all\` and \`journalctl -u bird\` on this machine, with
\`kubectl get bgppeers.projectcalico.org,bgpconfigurations.projectcalico.org -o yaml\`, and in the log
of calico-node. BIRD's last messages:"
        journal 6
    } >&2
    exit 1
}

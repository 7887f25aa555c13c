# Whether the connection stands: sessions with all nodes, and the routes in the kernel with all next hops.
# A part of router.sh. What is expected comes on standard input, one `KEY VALUE` a line: address and as (of
# this machine), timeout (seconds), and any number of node, service and pod; other keys say nothing here.
# Its output on success is read by components/bird/observed.py.

# Both texts are read by one awk program: `birdc show protocols all`, then `ip route`.
judge() { # EXPECTED PROTOCOLS ROUTES: a line "session …" for each node, a line "missing …" for each lack
    awk '
    function number(address,  part) {
        split(address, part, ".")
        return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
    }
    function inside(prefix, network,  inner, outer, size) {
        split(prefix, inner, "/"); split(network, outer, "/")
        if (inner[2] == "") inner[2] = 32
        size = 2 ^ (32 - outer[2])
        return inner[2] >= outer[2] && int(number(inner[1]) / size) == int(number(outer[1]) / size)
    }
    function lacking(prefix,  i, text) {
        for (i = 1; i <= nodes; i++) if (!((prefix, node[i]) in hop)) text = text " " node[i]
        return text
    }
    FNR == 1 { file++ }
    file == 1 && $1 == "address" { address = $2 }
    file == 1 && $1 == "as" { as = $2 }
    file == 1 && $1 == "node" { node[++nodes] = $2 }
    file == 1 && $1 == "service" { service[++services] = $2 }
    file == 1 && $1 == "pod" { pod[++pods] = $2 }

    file == 2 && /^[^ ]/ { protocol = $1; now = ""; peer = "" }
    file == 2 && /^ *BGP state:/ { now = $3 }
    # An old session with the same node may still be going down beside the new one.
    file == 2 && /^ *Neighbor address:/ {
        peer = $3; sub(/%.*/, "", peer)
        if (state[peer] != "Established") { state[peer] = now; name[peer] = protocol }
    }
    file == 2 && /^ *Last error:/ { text = $0; sub(/^ *Last error: */, "", text); error[peer] = text }

    file == 3 && /^[^ \t]/ { prefix = $1 == "default" ? "0.0.0.0/0" : $1; known[prefix] = 1 }
    file == 3 { for (i = 1; i < NF; i++) if ($i == "via") hop[prefix, $(i + 1)] = 1 }

    END {
        for (i = 1; i <= nodes; i++) {
            n = node[i]
            print "session", n, (state[n] == "" ? "None" : state[n]), (name[n] == "" ? "-" : name[n])
            if (state[n] == "") absent = absent (absent == "" ? "" : ", ") n
            else if (state[n] != "Established")
                print "missing session with " n ": BIRD says " state[n] (error[n] == "" ? "" : ", " error[n]) \
                    ". Is TCP/179 open between " n " and " address ", and are both AS numbers right?"
        }
        if (absent != "")
            print "missing session with " absent ": BIRD has heard nothing from there. Is TCP/179 open from" \
                " the nodes to " address "? Is Calico'"'"'s BGPPeer there, with peerIP " address \
                " and asNumber " as "?"
        for (i = 1; i <= services; i++) {
            if (!(service[i] in known))
                print "missing route to the service network " service[i] ": not in the kernel. Is it in" \
                    " serviceClusterIPs of BGPConfiguration default?"
            else if (lacking(service[i]) != "")
                print "missing next hops of " service[i] ":" lacking(service[i]) ". Do these nodes announce" \
                    " it (label node.kubernetes.io/exclude-from-external-load-balancers)?"
        }
        for (i = 1; i <= pods; i++) {
            best = ""; least = -1
            for (prefix in known) if (inside(prefix, pod[i])) {
                count = split(lacking(prefix), words, " ")
                if (least < 0 || count < least) { least = count; best = prefix }
            }
            if (least < 0)
                print "missing route into the pod network " pod[i] ": no prefix inside it is in the kernel." \
                    " Is it an IPPool of Calico with a block on some node?"
            else if (least > 0)
                print "missing next hops of " best " (pod network " pod[i] "):" lacking(best)
        }
    }' "$@"
}

look() {
    birdc show protocols all >"$scratch/protocols" 2>&1 || :
    ip route show proto bird >"$scratch/routes"
    # An empty file would not be counted by awk.
    echo >>"$scratch/protocols"; echo >>"$scratch/routes"
    judge "$scratch/expected" "$scratch/protocols" "$scratch/routes" >"$scratch/verdict"
    ! grep -q '^missing ' "$scratch/verdict"
}

verify() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    cat >"$scratch/expected"
    seconds=$(awk '$1 == "timeout" { print $2 }' "$scratch/expected")
    address=$(awk '$1 == "address" { print $2 }' "$scratch/expected")
    if wait_until "${seconds:-90}" look; then
        grep '^session ' "$scratch/verdict"
        printf 'routes '
        ip -j route show proto bird
        return
    fi
    {
        echo "The connection does not stand after ${seconds:-90} s:"
        active || echo "- BIRD is not running on this machine."
        ip -o address show to "$address" | grep -q . ||
            echo "- $address is not an address of this machine: $(ip -o -4 address show scope global |
                awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $4 }')."
        sed -n 's/^missing /- missing /p' "$scratch/verdict"
        echo "Look further with \`birdc show protocols all\` and \`journalctl -u bird\` on this machine, with
\`kubectl get bgppeers.projectcalico.org,bgpconfigurations.projectcalico.org -o yaml\`, and in the log
of calico-node. BIRD's last messages:"
        journal 6
    } >&2
    exit 1
}

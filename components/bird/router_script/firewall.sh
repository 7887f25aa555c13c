# Firewalls of the machine's owner, which keep the nodes out, or what is forwarded: found and named with the command
# that opens them, never changed. A part of router.sh.
#
# What counts are the rules in force, as `iptables -S` and `nft list ruleset` print them, whoever made them. It is no
# simulation: a chain counts as closed when it drops what no rule accepts, and none accepts what we need or might; so
# something that is open for another reason is never called closed for certain, and the sentences are hints, printed
# where sessions are missing.

of_delivered() { # local|peer|behind: these addresses or networks of the configurations that BIRD was given
    [ ! -d "$DELIVERED" ] || find "$DELIVERED" -name 'bird*.conf' -exec cat {} + | awk -v wanted="$1" '
        { gsub(/;/, "") }
        $1 == "protocol" { behind = $2 == "static" && $3 ~ /^behind[46]$/ }
        wanted == "local" && $1 == "local" && $3 == "as" { print $2 }
        wanted == "peer" && $1 == "neighbor" { print $2 == "range" ? $3 : $2 }
        wanted == "behind" && behind && $1 == "route" { print $2 }' | sort -u
}

of_family() { case $1 in 6) grep : || : ;; *) grep -v : || : ;; esac; } # FAMILY: of the lines of standard input

iptables_of() { case $1 in 6) echo ip6tables ;; *) echo iptables ;; esac; } # FAMILY

rule_sets() { # FAMILY: all rules in force, those of iptables by its own words
    iptables=$(iptables_of "$1")
    ! command -v "$iptables" >/dev/null || "$iptables" -S 2>/dev/null || :
    ! command -v nft >/dev/null || nft list ruleset 2>/dev/null || :
}

closed_chains() { # FAMILY input|forward NETWORKS: `iptables CHAIN` or `FAMILY TABLE CHAIN` of each that lets nothing through
    rule_sets "$1" | awk -v family="$1" -v hook="$2" -v networks="$3" \
        -v iptables="$(command -v "$(iptables_of "$1")" || :)" '
    function add(text) { rule[chain, ++rules[chain]] = text }
    function bgp(text,  part, i, ends) { # whether its destination ports have 179 among them
        if (!match(text, /dports? (\{[^}]*\}|[^ ]+)/)) return 0
        text = substr(text, RSTART, RLENGTH); sub(/^dports? /, "", text)
        gsub(/[{},]/, " ", text); gsub(/:/, "-", text)
        for (i = split(text, part, " "); i > 0; i--) {
            if (part[i] == "bgp") return 1
            ends[2] = ""; split(part[i], ends, "-")
            if (ends[1] + 0 == 179 || (ends[2] != "" && ends[1] + 0 <= 179 && ends[2] + 0 >= 179)) return 1
        }
        return 0
    }
    function ours(text,  part, i) { # whether it names one of the networks
        for (i = split(networks, part, " "); i > 0; i--) if (index(text, part[i])) return 1
        return 0
    }
    function lets_through(text) {
        if (text ~ /dport/) return hook == "input" && bgp(text)
        if (text ~ /sport|icmp|udp|igmp|vrrp/) return 0
        if (text ~ /ct (state|status)|state |ctstatus/ && tolower(text) !~ /new/) return 0
        # Of what runs on this machine.
        if (text ~ /(iif|oif|iifname|oifname|-i|-o) "?(lo|docker|br-|virbr|cni)/) return 0
        if (text ~ /saddr|daddr|-s |-d |--src|--dst|match-set|@|fib |mark /) return ours(text)
        return 1
    }
    function bare(text) { # whether it says nothing of the packets that it is for
        gsub(/-m comment --comment ("[^"]*"|[^ ]+) /, "", text)
        gsub(/(counter packets [0-9]+ bytes [0-9]+|log( prefix "[^"]*")?( (level|flags) [a-z]+)*) */, "", text)
        return text ~ /^(-[jg] [^ ]+|drop|reject|jump|goto)/
    }
    function walk(at, limited, depth,  i, text, target) {
        for (i = 1; i <= rules[at] && depth < 30; i++) {
            text = rule[at, i]
            if (text ~ /(^| )(-j ACCEPT|accept)( |$)/) {
                if (lets_through(text)) open = 1
            } else if (text ~ /(^| )(-j (DROP|REJECT)|drop|reject)( |$)/) {
                if ((!limited && bare(text)) || (hook == "input" && bgp(text))) closed = 1
            }
            target = text
            while (match(target, /(-[jg]|jump|goto) [^ ,}]+/)) {
                word = substr(target, RSTART, RLENGTH); sub(/^[^ ]+ /, "", word)
                target = substr(target, RSTART + RLENGTH)
                walk(prefix[at] word, limited || !bare(text), depth + 1)
            }
        }
    }
    function begin(label, name) { base[++bases] = chain; label_of[bases] = label; drops[bases] = name == "drop" }

    $1 == "-P" { chain = $2; prefix[chain] = ""; if (tolower($2) == hook) begin("iptables " $2, tolower($3)) }
    $1 == "-A" { chain = $2; prefix[chain] = ""; text = $0; sub(/^-A [^ ]+ /, "", text); add(text) }
    $1 == "table" {
        table = $2 " " $3; chain = ""
        # What iptables has put there it has printed already.
        of_iptables = iptables != "" && table ~ /^ip6? filter$/
        skip = $2 != "inet" && $2 != (family == 6 ? "ip6" : "ip")
    }
    table == "" { next }
    $1 ~ /^(set|map|flowtable|counter|ct|quota|limit)$/ && $NF == "{" { chain = "" }
    $1 == "chain" { chain = skip || $2 == "" ? "" : table " " $2; prefix[chain] = table " "; next }
    chain == "" || $1 == "}" { next }
    $1 == "type" {
        if ($0 ~ "hook " hook " " && !(of_iptables && chain ~ / (INPUT|FORWARD)$/))
            begin(chain, $0 ~ /policy drop/ ? "drop" : "")
        next
    }
    { text = $0; sub(/^[ \t]+/, "", text); add(text) }

    END {
        for (b = 1; b <= bases; b++) {
            open = 0; closed = drops[b]
            walk(base[b], 0, 0)
            if (closed && !open) print label_of[b]
        }
    }'
}

owner() { # CHAIN…: the program that keeps its rules, where that is one with commands of its own
    if [ "$1" != iptables ] && [ "$2" != firewalld ]; then
        return
    elif systemctl is-active --quiet firewalld 2>/dev/null; then
        echo firewalld
    elif command -v ufw >/dev/null && ufw status 2>/dev/null | grep -q '^Status: active'; then
        echo ufw
    fi
}

for_each() { # COMMANDS NETWORKS…: the commands with each of them, or of the first ten, for NET
    commands=$1 more=
    shift
    if [ $# = 1 ]; then
        printf '%s\n' "$commands" | sed "s,NET,$1,g"
        return
    fi
    if [ $# -gt 10 ]; then
        more=" (and the same for $(($# - 10)) more)"
        set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "${10}"
    fi
    # The shell that expands it is that of whoever reads it.
    # shellcheck disable=SC2016
    printf 'for net in %s; do %s; done%s\n' "$*" "$(printf '%s\n' "$commands" | sed 's,NET,$net,g')" "$more"
}

opening() { # FAMILY input|forward CHAIN…: the commands that let NET in on TCP/179, or what is for and from NET through
    family=$1 hook=$2 iptables=$(iptables_of "$1") ip=$([ "$1" = 6 ] && echo ip6 || echo ip)
    shift 2
    case $(owner "$@")-$hook-$1 in
    ufw-input-*) echo "ufw allow proto tcp from NET to any port 179" ;;
    firewalld-input-*)
        echo "firewall-cmd --permanent --add-rich-rule='rule family=ipv$family source address=NET port port=179" \
            "protocol=tcp accept'; firewall-cmd --reload" ;;
    *-input-iptables) echo "$iptables -I INPUT -p tcp -s NET --dport 179 -j ACCEPT" ;;
    *-input-*) echo "nft insert rule $* $ip saddr NET tcp dport 179 accept" ;;
    *-forward-iptables)
        if "$iptables" -S DOCKER-USER >/dev/null 2>&1; then
            echo "$iptables -I DOCKER-USER -d NET -j ACCEPT; $iptables -I DOCKER-USER -s NET -j ACCEPT"
        elif [ "$(owner "$@")" = ufw ]; then
            echo "ufw route allow from any to NET; ufw route allow from NET to any"
        else
            echo "$iptables -I FORWARD -d NET -j ACCEPT; $iptables -I FORWARD -s NET -j ACCEPT"
        fi ;;
    firewalld-forward-*)
        # Between two zones only a policy lets through.
        new="firewall-cmd --permanent" rule="--add-rich-rule='rule family=ipv$family"
        policy="$new --policy=calico-peering"
        echo "$new --new-policy=calico-peering; $policy --add-ingress-zone=ANY; $policy --add-egress-zone=ANY;" \
            "$policy $rule destination address=NET accept'; $policy $rule source address=NET accept';" \
            "firewall-cmd --reload" ;;
    *) echo "nft insert rule $* $ip daddr NET accept; nft insert rule $* $ip saddr NET accept" ;;
    esac
}

in_words() { # CHAIN…
    program=$(owner "$@")
    if [ "$1" = iptables ]; then echo "${program:+$program, }iptables, chain $2"; else
        echo "${program:+$program, }nftables, table $1 $2, chain $3"
    fi
}

kept_out() { # FAMILY: a sentence for each chain in which no rule lets the nodes in on TCP/179
    networks=$(of_delivered peer | of_family "$1" | tr '\n' ' ')
    [ "$networks" ] || return 0
    closed_chains "$1" input "$networks" | while read -r chain; do
        # shellcheck disable=SC2086
        echo "the firewall on this machine ($(in_words $chain)) lets no node in on TCP/179: $(for_each "$(
            opening "$1" input $chain)" $networks)"
    done
}

not_forwarded() { # a sentence for each chain that drops what is for, or from, the networks behind this machine
    for family in 4 6; do
        networks=$(of_delivered behind | of_family "$family" | tr '\n' ' ')
        [ "$networks" ] || continue
        closed_chains "$family" forward "$networks" | while read -r chain; do
            # shellcheck disable=SC2086
            echo "the firewall on this machine ($(in_words $chain)) drops what is forwarded to and from ${networks% }" \
                "(calico-peering:advertise): $(for_each "$(opening "$family" forward $chain)" $networks)"
        done
    done
}

family_established() { # FAMILY: at least one of its sessions is Established
    while read -r service; do client show protocols all 2>/dev/null </dev/null || :; done <"$SERVICES" | awk '
        /^ *BGP state:/ { up = $3 == "Established" }
        up && /^ *Neighbor address:/ { print $3 }' | of_family "$1" | grep -q .
}

blocked_drift() { # addresses and sessions that are gone, where the reason is on this machine
    for address in $(of_delivered local); do
        has_address "$address" || deviation "$(address_missing "$address")"
    done
    for family in 4 6; do
        [ "$(of_delivered local | of_family "$family")" ] || continue
        ! family_established "$family" || continue
        reasons=$(kept_out "$family")
        # A restart ends the sessions for some seconds.
        [ ! "$reasons" ] || wait_until 15 family_established "$family" ||
            printf '%s\n' "$reasons" | while read -r reason; do
                deviation "no IPv$family session with a node is Established, and $reason"
            done
    done
    not_forwarded | while read -r reason; do deviation "$reason"; done
}

has_address() { ip -o address show to "$1" | grep -q .; } # ADDRESS

address_missing() { # ADDRESS: that it is, in words
    echo "$1 is not an address of this machine (any more): $(ip -o address show scope global |
        awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $4 }'). Did keepalived or another program move it away?"
}

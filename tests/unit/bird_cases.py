"""The configurations that have golden files: by a name that says what it shows, what its settings change.

Each is rendered for every BIRD unless its name stands in NOT_FOR; the golden file is
tests/golden/bird/<birdVersion>-<name>.conf, that of 1.6's IPv6 daemon …-bird6.conf.
"""

import json

IPV6 = {
    "machineAddress": "fd00::45",
    "nodeNetwork": "fd00::/64",
    "routerId": "192.0.2.45",
    "nodes": '["fd00::10", "fd00::30"]',
    "podNetworks": '["fd01::/48"]',
    "serviceNetworks": '["fd02::/112"]',
}
DUAL_STACK = {
    "machineAddress6": "fd00::45",
    "nodeNetwork6": "fd00::/64",
    "nodes": '["172.34.8.10", "172.34.8.30", "fd00::10", "fd00::30"]',
    "podNetworks": '["192.168.0.0/16", "fd01::/48"]',
    "serviceNetworks": '["10.96.0.0/12", "fd02::/112"]',
}
REFLECTORS = {"routeReflectors": '["172.34.8.201", "172.34.8.202"]'}
FAR = {"machineAddress": "10.9.9.9", "multihop": "3"}
VRF = {"vrf": "blue", "kernelTable": "100"}
ADVERTISE = {"advertise": "true", "machineNetworks": '["10.50.0.0/24", "10.60.0.0/16"]'}
ADVERTISE_DUAL_STACK = {"advertise": "true", "machineNetworks": '["10.50.0.0/24", "fd05::/64"]'}
PASSWORD = {"bgpPassword": "a long secret"}

CASES: dict[str, dict[str, str]] = {
    "reference": {},
    "listed": {"neighbors": "listed"},
    "ipv6": IPV6,
    "ipv6-multihop": {**IPV6, "machineAddress": "fd09::9", "multihop": "3"},
    "dual-stack": DUAL_STACK,
    "dual-stack-listed": {**DUAL_STACK, "neighbors": "listed"},
    "dual-stack-multihop": {
        **DUAL_STACK,
        "machineAddress": "10.9.9.9",
        "machineAddress6": "fd09::9",
        "multihop": "3",
    },
    "router-id": {"routerId": "192.0.2.45"},
    "several-networks": {
        "podNetworks": '["192.168.0.0/16", "10.244.0.0/16"]',
        "serviceNetworks": '["10.96.0.0/12", "203.0.113.7/32"]',
    },
    "external-and-load-balancer-networks": {
        "externalNetworks": '["198.51.100.0/24"]',
        "loadBalancerNetworks": '["203.0.113.0/25", "203.0.113.128/26"]',
    },
    "prefix-lengths": {
        "podPrefixLengths": "26-26",
        "servicePrefixLengths": "8-32",
        "externalNetworks": '["198.51.100.0/24"]',
        "externalPrefixLengths": "32-32",
        "loadBalancerNetworks": '["203.0.113.0/24"]',
        "loadBalancerPrefixLengths": "24-28",
    },
    "prefix-lengths-dual-stack": {
        **DUAL_STACK,
        "podPrefixLengths": "26-32",
        "podPrefixLengths6": "122-128",
        "servicePrefixLengths6": "112-112",
        "externalNetworks": '["fd06::/64"]',
        "externalPrefixLengths6": "128-128",
        "loadBalancerNetworks": '["fd07::/64"]',
        "loadBalancerPrefixLengths6": "64-128",
    },
    "import-all": {"importPolicy": "all"},
    "import-all-advertise": {"importPolicy": "all", **ADVERTISE},
    "import-limit": {"importLimit": "50"},
    "password": PASSWORD,
    "password-listed": {**PASSWORD, "neighbors": "listed"},
    "password-dual-stack": {**PASSWORD, **DUAL_STACK},
    "ttl-security": {"ttlSecurity": "true"},
    "ttl-security-listed": {"ttlSecurity": "true", "neighbors": "listed"},
    "multihop": FAR,
    "multihop-1": {**FAR, "multihop": "1"},
    "multihop-listed": {**FAR, "neighbors": "listed"},
    "multihop-ttl-security": {**FAR, "ttlSecurity": "true"},
    "timers": {"holdTime": "90", "keepaliveTime": "30"},
    "no-graceful-restart": {"gracefulRestart": "false"},
    "restart-time": {"restartTime": "30"},
    "description": {"description": "Cluster east (rack 4), see https://wiki.example.org/#east"},
    "kernel-table": {"kernelTable": "100"},
    "kernel-metric": {"kernelMetric": "4096"},
    "vrf": VRF,
    "vrf-multihop": {**VRF, **FAR},
    "vrf-advertise": {**VRF, **ADVERTISE},
    "vrf-dual-stack-multihop": {
        **VRF,
        **DUAL_STACK,
        "machineAddress": "10.9.9.9",
        "machineAddress6": "fd09::9",
        "multihop": "2",
    },
    "advertise": ADVERTISE,
    "advertise-listed": {**ADVERTISE, "neighbors": "listed"},
    "advertise-multihop": {**ADVERTISE, **FAR},
    "advertise-ipv6": {**IPV6, "advertise": "true", "machineNetworks": '["fd05::/64"]'},
    "advertise-dual-stack": {**DUAL_STACK, **ADVERTISE_DUAL_STACK},
    "advertise-one-of-two-families": {**DUAL_STACK, **ADVERTISE},
    "route-reflectors": REFLECTORS,
    "route-reflectors-dual-stack": {
        **DUAL_STACK,
        "routeReflectors": '["172.34.8.201", "fd00::201"]',
    },
    "chosen-nodes": {
        "neighbors": "listed",
        "peerNodeSelector": "has(edge)",
        "peeringNodes": '["172.34.8.30", "172.34.8.87"]',
        "nodeLocalAsNumber": "64999",
    },
    "four-octet-as-numbers": {"machineAsNumber": "2147483647", "calicoAsNumber": "4200000000"},
    "100-nodes": {
        "nodeNetwork": "10.20.0.0/16",
        "machineAddress": "10.20.255.1",
        "nodes": json.dumps([f"10.20.0.{last}" for last in range(1, 101)]),
    },
    "everything": {
        **DUAL_STACK,
        **PASSWORD,
        **VRF,
        **ADVERTISE_DUAL_STACK,
        "machineAddress": "10.9.9.9",
        "machineAddress6": "fd09::9",
        "multihop": "3",
        "ttlSecurity": "true",
        "description": "all at once",
        "externalNetworks": '["198.51.100.0/24", "fd06::/64"]',
        "loadBalancerNetworks": '["203.0.113.0/24", "fd07::/64"]',
        "podPrefixLengths": "26-32",
        "podPrefixLengths6": "122-128",
        "kernelMetric": "100",
        "importLimit": "50",
        "routerId": "192.0.2.45",
    },
}
# In 1.6 the nodes are listed anyway.
NOT_FOR = {("1.6", name) for name in CASES if name.endswith("-listed") or name == "listed"}
VERSIONS = ("1.6", "2", "3")
FILES = [(version, name) for name in CASES for version in VERSIONS if (version, name) not in NOT_FOR]

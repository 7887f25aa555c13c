"""Address pairs on the ports of a network, and nothing else: what bench/ports.py measures.

Settings come from the environment: BENCH_NETWORK (empty: declare nothing at all), BENCH_NODES (addresses)
and BENCH_NETWORKS (what the ports shall carry).
"""

import os

from components.ports.address_pairs import AddressPairs
from components.ports.node_ports import by_addresses
from components.ports.openstack_api import connect
from components.preflight import check_limit

if network := os.environ.get("BENCH_NETWORK"):
    networks = os.environ["BENCH_NETWORKS"].split()
    found = by_addresses(connect(), network, os.environ["BENCH_NODES"].split())
    check_limit(list(found.values()), networks, 10)
    ids = {label: str(port["id"]) for label, port in found.items()}
    AddressPairs("bench", {"ports": ids, "networks": networks})

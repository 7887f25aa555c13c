"""What the clusters say that the verification cannot wait for, read before anything is declared.

It only helps, and asks for no right: what may not be read is expected as configured. Nothing is written; no
Pulumi here. What follows from what was read is not_expected.py's.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.bird.expectation import NotExpected
from components.calico.calico_api import expected_answers
from components.calico.cluster_nodes import nodes_if_allowed
from components.calico.ip_pools import listed_specs
from components.cluster_preflight import cluster_client
from components.not_expected import not_expected, wrong_lengths
from components.settings.setting_types import NAMESPACE
from components.settings.site import Site
from components.shared.provider_errors import ProviderError

Peering = tuple[str, str]


def find_not_expected(site: Site) -> dict[Peering, NotExpected]:
    """What is not waited for, by machine and cluster.

    Raises ProviderError when a cluster does not answer, and naming each pod network of whose blocks BIRD
    would take none.
    """
    found, wrong = {}, []
    for cluster in site.clusters:
        client = cluster_client(site.cluster(cluster))
        with expected_answers(client, "reading nodes, IP pools and blocks"):
            nodes = nodes_if_allowed(client)
            pools, blocks = listed_specs(client, "ippools"), listed_specs(client, "blockaffinities")
            for machine, settings in site.of_cluster(cluster).items():
                found[machine, cluster] = not_expected(settings, nodes, pools, blocks)
                wrong += wrong_lengths(settings, pools, blocks)
    if wrong:
        raise ProviderError(
            f"{NAMESPACE}:podPrefixLengths (podPrefixLengths6) does not fit the cluster:\n"
            + "\n".join(f"  {line}" for line in dict.fromkeys(wrong))
        )
    return found


def reasons(found: Mapping[Peering, NotExpected]) -> list[str]:
    """Why something is not waited for, a sentence each."""
    return list(dict.fromkeys(line for one in found.values() for line in one.reasons))

"""What OpenStack has for the machines that the lab's switch has: from its maker to the hypervisor."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Made:
    """Ids; as a JSON object between processes."""

    network: str
    """The nodes' network."""
    ports: Mapping[str, str]
    """Machine → port."""

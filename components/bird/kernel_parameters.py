"""What is asked of the machine's kernel, in the format of router_script/sysctls.sh.

Pure. Which parameters these are, and on which interfaces, is found out there.
"""

from collections.abc import Collection

from components.settings.settings import Settings


def kernel_parameters(clusters: Collection[Settings]) -> str | None:
    """The text for a machine with these settings, one for each cluster; None where it is not ours to set."""
    lines: list[str] = []
    for settings in clusters:
        if not settings.sysctls:
            return None
        for family in settings.families:
            if settings.multihop:
                # The machine's address may be on no interface that leads anywhere.
                lines += [f"node {node}" for node in family.neighbors]
            else:
                lines.append(f"address {family.address}")
            if settings.advertise and family.behind:
                lines.append(f"forward {family.version}")
        lines += [f"vrf {settings.vrf}"] if settings.vrf else []
    return "\n".join(dict.fromkeys(lines)) + "\n"

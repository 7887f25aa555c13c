"""The program: settings, one ExternalPeering, its outputs."""

import pulumi

from components.calico.stack_name import stack_name
from components.calico.stack_names import StackNames
from components.cloud_preflight import find_cloud, plugin_clouds
from components.cluster_facts import find_not_expected, reasons
from components.cluster_preflight import check_apis, check_rights, find_namespaces
from components.configuration import configuration_keys
from components.conflict_preflight import find_overriding
from components.external_peering import ExternalPeering
from components.former_names import ROOT
from components.last_state import last_state
from components.machine_secrets import machine_secrets
from components.preflight import (
    all_node_ports,
    check_as_numbers,
    check_clusters,
    check_configurations,
    harmful_pools,
    left_over,
    machine_parts,
    route_reflectors,
)
from components.renamed import find_former_names
from components.settings.settings import SettingsError
from components.settings.site import KEYS, read_site
from components.shared.provider_errors import ProviderError

config = pulumi.Config()
try:
    site = read_site({key: config.get(key) or "" for key in KEYS}, configuration_keys())
    state = last_state()
    warnings = check_apis(site)
    site = find_namespaces(site)
    check_rights(site, writing=not pulumi.runtime.is_dry_run())
    site = check_clusters(site)
    former = find_former_names(site, state)
    stack = StackNames(stack_name(), former.stacks)
    check_configurations(site, stack)
    warnings += check_as_numbers(site, stack)
    site = find_cloud(site)
    plugins, notes = plugin_clouds(site)
    warnings += notes
    parts = machine_parts(site)
    overriding = find_overriding(site, stack)
    warnings += overriding.warnings
    left = left_over(site, stack, parts, overriding.harmful)
    ports = all_node_ports(site)
    warnings += [found.covered for found in ports.values() if found.covered]
    pools = harmful_pools(site, ports)
    warnings += route_reflectors(site)
    absent = find_not_expected(site)
    warnings += reasons(absent)
except (SettingsError, ProviderError) as error:
    raise pulumi.RunError(str(error)) from None

peering = ExternalPeering(
    ROOT,
    {
        "site": site,
        "secrets": {machine: machine_secrets(config, machine, site.several) for machine in site.machines},
        "ports": ports,
        "harmful_pools": pools,
        "warnings": warnings,
        "machine_parts": parts,
        "plugin_clouds": plugins,
        "left_over": left,
        "former": former,
        "not_expected": absent,
    },
)

pulumi.export("sessions", peering.sessions)
pulumi.export("routes", peering.routes)
pulumi.export("notExpected", reasons(absent))
pulumi.export("birdConfiguration", peering.bird_configuration)

"""Where states that older versions wrote look for their provider, which reads them as they are.

Nothing else: see bgp_configuration_provider.py.
"""

from components.calico.bgp_configuration_provider import BgpConfigurationPartProvider

ServiceNetworksProvider = BgpConfigurationPartProvider

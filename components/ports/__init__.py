"""The nodes' Neutron ports, which others own: finding them, our address pairs and group on them."""

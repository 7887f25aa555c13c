"""The external machine: one that is there already, or a VM made on OpenStack."""

"""Calico's BGP kinds (projectcalico.org/v3) as a type checker knows them.

Made by `make types` (tools/calico_types), but for this file. They check nothing when the program runs: that
is the settings' to do, and the API server's.
"""

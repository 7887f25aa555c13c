"""The lab: a whole small site in network namespaces on this machine, with real parts.

It runs the program of `components/` against a real cluster API, a real OpenStack network service
and a real external machine. Nothing in here is imported by `components/`.
"""

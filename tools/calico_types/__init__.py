"""Makes components/calico/types/ from what a cluster's API servers say of Calico's kinds.

`make types` renders the committed schema.json anew; `make calico-schema` asks a running lab for another one
first, which is for a change of Calico's version in lab/engine/calico/go.mod. schema.py reads, stricter.py
adds what only Calico's code knows, render.py writes.
"""

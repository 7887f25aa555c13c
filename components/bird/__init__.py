"""BIRD on the external machine: its configuration, its delivery, and what it is seen to have done."""

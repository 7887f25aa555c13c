"""The environment that keeps a program's requests inside the lab, whatever proxy the machine uses."""

DIRECT = {"NO_PROXY": "*", "no_proxy": "*"}

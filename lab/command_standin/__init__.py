"""A stand-in for pulumi-command's plugin where its release binary cannot be had.

Serves `remote.Command`, `remote.CopyToRemote` and `local.Command` as pulumi-command 1.2.1 does, down to
the texts of errors. It is for the lab and the tests, not for administering machines: it has no schema, no
`local.run`, and `local.Command` returns no assets. tests/conformance holds what it promises, and holds
the real plugin to the same.
"""

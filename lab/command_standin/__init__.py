"""A stand-in for pulumi-command's plugin where its release binary cannot be had.

Serves `remote.Command`, `remote.CopyToRemote` and `local.Command` as pulumi-command 1.2.1 does, down
to the texts of errors. It is for the lab and the tests, not for administering machines: it has no
schema, no `local.run`, and `local.Command` returns no assets. tests/conformance holds what it
promises, and holds the real plugin to the same.

Known to differ, on purpose: an unknown secret stays unknown in a preview (the real plugin makes it an
empty text); output that is not UTF-8 or has lines beyond 64 KiB is taken (there it fails or hangs); an
encrypted private key in OpenSSH's own format needs Python's bcrypt.
"""

"""How the tests are run: the pytest plugin (plugin.py) and the command `python -m tests.suite`.

The tests themselves know nothing of it; `python -m pytest FILE` works without the command.
"""

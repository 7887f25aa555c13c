"""Which extras of the lab (lab/extras.py) tests need, read from the markers in their files.

Read as text: to collect the tests takes seconds, and the labs come up before.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from lab.extras import in_order
from lab.layout import PROJECT
from tests.suite.test_file import file_of

MARKER = re.compile(r'mark\.extra\(\s*"([a-z-]+)"')


def list_needed_extras(tests: Iterable[str]) -> tuple[str, ...]:
    """The extras that the tests need; files, folders or node ids, from the project's folder."""
    names: set[str] = set()
    for path in (PROJECT / file_of(test) for test in tests):
        files: Iterable[Path] = path.rglob("test_*.py") if path.is_dir() else [path]
        for file in files:
            names.update(MARKER.findall(file.read_text()) if file.exists() else ())
    return in_order(names)

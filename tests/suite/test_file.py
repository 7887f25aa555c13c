"""A test file as the suite names it: its path from the project's folder, and what it proves."""

import ast
import re
from pathlib import Path


def file_of(test: str) -> str:
    """The file of a test, by the test's node id."""
    return test.partition("::")[0]


def read_promise(path: Path) -> str:
    """The first sentence of the file's docstring in one line; empty when there is none."""
    try:
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
    except (OSError, SyntaxError):
        return ""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[.:])\s(?=[A-Z])", paragraph, maxsplit=1)[0]

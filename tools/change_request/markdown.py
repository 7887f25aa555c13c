"""Markdown of texts from outside: as code, in which nothing of them means anything to GitHub or GitLab.

Neither looks for mentions (`@name`), references (`#1`, `!1`), HTML or Markdown in code. So every text that
is not this program's own is a code span or in a code block, whose fence is longer than any run of backticks
in it.
"""

from __future__ import annotations

import re
import unicodedata

# Between these a text can be shown in another order than it is in (CVE-2021-42574).
BIDIRECTIONAL = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def visible(text: str) -> str:
    """The text without control characters and escape sequences; lines end with `\\n`, a tab is a space."""
    text = ESCAPE_SEQUENCE.sub("", BIDIRECTIONAL.sub("", text))
    text = "\n".join(text.splitlines()).replace("\t", " ")
    return "".join(each for each in text if each == "\n" or unicodedata.category(each) not in ("Cc", "Cs"))


def code(text: object) -> str:
    """A code span with the text on one line."""
    words = " ".join(visible(str(text)).split())
    if not words:
        return "`(empty)`"
    fence = "`" * (longest_run(words) + 1)
    # One space at either end is taken away again, where both are there.
    space = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{space}{words}{space}{fence}"


def fence_for(text: str) -> str:
    """The fence of a code block with the text in it."""
    return "`" * max(3, longest_run(text) + 1)


def longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)

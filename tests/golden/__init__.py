"""Texts as they should be, and the comparison with them."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent


def compare(path: str, text: str) -> None:
    """Assert that `text` is the golden file's; with UPDATE_GOLDEN=1 write the file instead."""
    golden = FOLDER / path
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)
    assert golden.exists(), f"{golden} is not there; UPDATE_GOLDEN=1 writes it"
    assert text == golden.read_text(), f"not as in {golden}; UPDATE_GOLDEN=1 accepts it"

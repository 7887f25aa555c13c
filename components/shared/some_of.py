"""Names in a sentence, cut where there are too many to read. Pure; it sorts nothing."""

from collections.abc import Sequence


def some_of(names: Sequence[str], most: int) -> str:
    """The first `most` of them, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

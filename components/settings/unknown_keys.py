"""Keys of a stack's configuration that no setting has, each with the nearest right one.

Pure. The engine passes on any key, so that a misspelled one would mean the default in silence. Namespaces of
others (`kubernetes:`, `openstack:`) are their providers' business, unless they look like ours misspelled.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from components.settings.setting_types import NAMESPACE

# From 0 (nothing in common) to 1 (equal); `calico` and `kubernetes` are no misspelling of our namespace.
LIKE_A_KEY, LIKE_OUR_NAMESPACE = 0.8, 0.8


def unknown_keys(found: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each key of the configuration (`namespace:key`) that is none of ours, in their order.

    `known`: our keys, without the namespace.
    """
    known, wrong = set(known), []
    for full in found:
        namespace, _, key = full.rpartition(":")
        if namespace == NAMESPACE and key not in known:
            wrong.append(f"{full}: {no_such_setting(key, known)}")
        elif namespace != NAMESPACE and get_close_matches(namespace, [NAMESPACE], 1, LIKE_OUR_NAMESPACE):
            wrong.append(f"{full}: nothing reads this namespace; did you mean {NAMESPACE}:{key}?")
    return wrong


def no_such_setting(key: str, known: Iterable[str]) -> str:
    """That there is no such setting, and which was probably meant; case and separators do not count."""
    by_letters = {_letters(name): name for name in sorted(known)}
    near = get_close_matches(_letters(key), by_letters, 1, LIKE_A_KEY)
    return "no such setting" + (f"; did you mean {by_letters[near[0]]}?" if near else "")


def _letters(key: str) -> str:
    return "".join(letter for letter in key.lower() if letter.isalnum())

"""What all dynamic providers here are: pickled by reference, plain in errors, gone with the engine.

Not here: what any of them reads or writes (the subclasses).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi.dynamic import ConfigureRequest, ResourceProvider

from components.shared.provider_errors import only_the_sentence
from components.shared.provider_life import end_with_engine


class OwnProvider(ResourceProvider):
    """Base of all of them."""

    # A reference to a class is no secret; hiding it would only make diffs unreadable.
    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        only_the_sentence()
        end_with_engine()


def given(props: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Those of the inputs `names` that a resource has."""
    return {name: props[name] for name in names if props.get(name) is not None}

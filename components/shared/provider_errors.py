"""The one exception of the dynamic providers, and how it reaches the user as one sentence.

The host of dynamic providers is a gRPC server: whatever a provider raises becomes the resource's
error, with the exception's text in it, and gRPC logs the traceback to the terminal besides. For
an error that we wrote for a person that log is noise; every other exception keeps it. What the
text may not contain: secrets.
"""

from __future__ import annotations

import logging


class ProviderError(Exception):
    """What was wanted, what was found, where, what to do: one sentence or two, no secrets."""


def only_the_sentence() -> None:
    """Keep tracebacks of ProviderErrors off the terminal. For the provider's `configure()`."""
    # Libraries warn on the terminal about what they raise, and we say, a moment later.
    for library in ("keystoneauth", "urllib3"):
        logging.getLogger(library).setLevel(logging.ERROR)
    logger = logging.getLogger("grpc._server")
    if _not_ours not in logger.filters:
        logger.addFilter(_not_ours)


def _not_ours(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], ProviderError))

"""Runs parts of the work that do not depend on each other at the same time, and waits for all of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from lab.errors import LabError

T = TypeVar("T")
AT_ONCE = 8


class Start(Protocol):
    """Starts a part in a thread; its result is there when the block has ended."""

    def __call__(self, part: Callable[[], T], /) -> Future[T]: ...


@contextmanager
def side_by_side(at_once: int = AT_ONCE) -> Iterator[Start]:
    """A block that ends when all parts have ended that were started in it, at most `at_once` at a time.

    Raises:
        LabError: with the messages of every part that failed with one.
        Exception: anything else that a part raised, as it is.
    """
    futures: list[Future[Any]] = []

    with ThreadPoolExecutor(at_once) as pool:

        def start(part: Callable[[], T], /) -> Future[T]:
            future = pool.submit(part)
            futures.append(future)
            return future

        yield start
    errors = [error for future in futures if (error := future.exception())]
    unexpected = [error for error in errors if not isinstance(error, LabError)]
    if unexpected:
        raise unexpected[0]
    if errors:
        raise LabError("\n".join(str(error) for error in errors))

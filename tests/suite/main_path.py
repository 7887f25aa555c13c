"""The marker `main_path`: which tests on the lab `make test` runs too.

`@pytest.mark.main_path` means all cases of a test, `@pytest.mark.main_path("node1")` the one with this id.
Here the marker is taken from the other cases, so that pytest's own `-m main_path` selects the right ones.
"""

import pytest

MARKER = "main_path"


class MainPath:
    """Does so while pytest collects."""

    def __init__(self) -> None:
        self._named: set[tuple[str, str]] = set()
        self._found: set[tuple[str, str]] = set()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Keep the marker on the cases that it names."""
        marker = item.get_closest_marker(MARKER)
        callspec: object = getattr(item, "callspec", None)
        if marker is None or not marker.args:
            return
        test = item.nodeid.partition("[")[0]
        case = str(getattr(callspec, "id", ""))
        self._named.update((test, name) for name in marker.args)
        self._found.add((test, case))
        if case not in marker.args:
            item.own_markers = [each for each in item.own_markers if each.name != MARKER]

    def pytest_collection_modifyitems(self, config: pytest.Config) -> None:
        """Refuse a marker that names a case which is not there, unless only some cases were asked for.

        Raises:
            pytest.UsageError: with the test and the case.
        """
        missing = sorted(self._named - self._found)
        if missing and not any("::" in argument for argument in config.args):
            texts = "; ".join(f"{test} has no case {case!r}" for test, case in missing)
            raise pytest.UsageError(f"marker {MARKER}: {texts}")

"""What becomes of tests that need an extra of the lab (lab/extras.py): marked `pytest.mark.extra("cinder")`.

In a lab without it such a test fails before any of its fixtures is made, and says how to get a lab that has
it. A folder's conftest.py takes the hook from here.
"""

import os

import pytest

from lab.errors import LabError
from lab.extras import check_extras
from lab.layout import Layout
from lab.parts import Parts


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose lab runs without what it needs."""
    needed = [str(name) for mark in item.iter_markers("extra") for name in mark.args]
    # Without a lab the fixture `layout` says so.
    if not needed or "CALICO_PEERING_LAB" not in os.environ:
        return
    lacking = ""
    try:
        check_extras(Parts.of_running(Layout()).extras, needed)
    except LabError as error:
        lacking = str(error)
    if lacking:
        pytest.fail(lacking, pytrace=False)

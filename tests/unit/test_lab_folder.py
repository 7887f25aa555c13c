"""A lab's folder follows from its name, so that one clone holds several labs."""

import pytest

from lab.errors import LabError
from lab.layout import DEFAULT_NAME, PROJECT, lab_folder


def test_the_default_lab_is_in_dot_lab_and_another_has_its_name_in_the_folder() -> None:
    assert lab_folder(DEFAULT_NAME) == PROJECT / ".lab"
    assert lab_folder("second") == PROJECT / ".lab-second"


@pytest.mark.parametrize("name", ["", "../other", "a/b", "UPPER", "-first", "a b", "n" * 64])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="CALICO_PEERING_LAB_NAME: expected"):
        lab_folder(name)

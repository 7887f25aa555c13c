"""What the cluster would refuse, or take and suffer from, our settings refuse first, in their own words."""

from __future__ import annotations

import pytest

from components.settings.settings import SettingsError
from components.settings.site import read_site
from tests import golden
from tests.acceptance.wrong_objects import Wrong, table
from tests.unit.example import values

ROWS = table()


def refusal(row: Wrong) -> str:
    """What the settings say; a row may only be wrong in what it changes."""
    with pytest.raises(SettingsError) as caught:
        read_site(values(**row.texts()))
    return "\n".join(str(caught.value).splitlines()[1:])


def test_wrong_settings_are_refused_in_these_words() -> None:
    found = [f"{name}\n{refusal(row)}\n" for name, row in ROWS.items()]
    golden.compare("settings/wrong-objects.txt", "".join(found))


@pytest.mark.parametrize("name", ROWS)
def test_the_refusal_names_the_setting_that_is_wrong(name: str) -> None:
    row = ROWS[name]
    said = refusal(row)
    keys = {line.split(": ")[0].strip() for line in said.splitlines()}
    assert keys <= {f"calico-peering:{key}" for key in row.settings}, said
    assert "secret" not in said.replace("calicoNamespace", "")


def test_there_are_enough_rows_and_each_says_what_the_cluster_does() -> None:
    assert sum(bool(row.server) for row in ROWS.values()) >= 50
    assert all(bool(row.server) != bool(row.taken) for row in ROWS.values())

"""The BIRDs of the next Debian release: what is told when they cannot be had."""

from pathlib import Path

import pytest

from lab import newer_bird
from lab.errors import LabError
from lab.layout import Layout


def test_a_release_that_the_source_has_not_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newer_bird, "NEXT_RELEASE", "nowhere")
    with pytest.raises(LabError) as caught:
        newer_bird.newer_birds(Layout(cache=tmp_path))
    assert "the lab needs BIRD of Debian's nowhere from the same source" in str(caught.value)

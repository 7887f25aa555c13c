"""What the lab says of a machine that lacks something: everything at once, and what to do."""

import os
import shutil
from pathlib import Path

import pytest

from lab import lifecycle
from lab.errors import LabError


def test_another_user_than_root_is_told_so_and_nothing_of_roots_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> bool:
        raise PermissionError

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(lifecycle, "is_built", refuse)
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(LabError) as caught:
        lifecycle.check_machine()
    assert "run it as root" in str(caught.value)
    packages = " ".join(sorted(set(lifecycle.REQUIRED.values())))
    assert f"apt-get install {packages}" in str(caught.value)


def test_without_go_and_with_an_empty_cache_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tools = {tool: f"/usr/bin/{tool}" for tool in lifecycle.REQUIRED}
    monkeypatch.setattr(shutil, "which", tools.get)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(
        LabError, match="Pulumi and the cluster's programs are not built yet: install Go 1.26"
    ):
        lifecycle.check_machine()


def test_a_kernel_without_bridge_filters_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lifecycle, "BRIDGE_FILTER", tmp_path / "absent")
    with pytest.raises(LabError, match="modprobe br_netfilter"):
        lifecycle.check_machine()


def test_a_kernel_without_ipv6_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lifecycle, "IPV6", tmp_path / "absent")
    with pytest.raises(LabError, match="the kernel has no IPv6"):
        lifecycle.check_machine()

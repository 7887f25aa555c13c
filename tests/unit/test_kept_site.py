"""What a lab's OpenStack leaves for the next one: the site's objects, and nothing of the lab itself."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab.layout import PROJECT, Layout
from lab.openstack import kept_site
from lab.openstack.databases import GLANCE, NOVA_API
from lab.openstack.glance import IMAGES, take_images
from lab.openstack.kept_site import DATABASES, find_kept, keep, read_made
from lab.openstack.made import Made

VENV = Path("/venv")
MADE = Made("net", {"node1": "port"})


def query(file: Path, sql: str) -> list[tuple[str, ...]]:
    """Run a statement in a database and return its rows."""
    with closing(sqlite3.connect(file)) as database:
        found = database.execute(sql).fetchall()
        database.commit()
        return found


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """An `openstack` folder with a row in each database, and an image."""
    folder = tmp_path / "lab"
    tables = {GLANCE: "image_locations (image_id, value)", NOVA_API: "host_mappings (host, cell)"}
    for name, service in DATABASES.items():
        (folder / service).mkdir(parents=True)
        table = tables.get(name, "things (name, value)")
        query(folder / service / name, f"CREATE TABLE {table}")
        query(folder / service / name, f"INSERT INTO {table.split()[0]} VALUES ('id', '/old/id')")
    (folder / "glance" / IMAGES).mkdir()
    (folder / "glance" / IMAGES / "id").write_text("image")
    return folder


@pytest.fixture
def kept(lab: Path, tmp_path: Path) -> Path:
    """What it left."""
    layout = Layout(folder=tmp_path, cache=tmp_path / "cache")
    assert find_kept(layout, VENV, cinder=False) is None
    keep(layout, VENV, False, lab, MADE)
    found = find_kept(layout, VENV, cinder=False)
    assert found
    assert find_kept(layout, VENV, cinder=True) is None
    assert find_kept(layout, Path("/another"), cinder=False) is None
    return found


def test_the_next_lab_finds_the_objects_and_not_the_host(kept: Path) -> None:
    assert read_made(kept) == MADE
    assert query(kept / "neutron.sqlite", "SELECT name FROM things") == [("id",)]
    assert query(kept / NOVA_API, "SELECT * FROM host_mappings") == []
    assert kept.stat().st_mode & 0o077 == 0


def test_the_next_lab_has_the_images_in_its_own_folder(kept: Path, tmp_path: Path) -> None:
    own = tmp_path / "next"
    own.mkdir()
    shutil.copy(kept / GLANCE, own)
    take_images(kept, own)
    [(place,)] = query(own / GLANCE, "SELECT value FROM image_locations")
    assert place == f"file://{own}/images/id"
    assert Path(place.removeprefix("file://")).read_text() == "image"


def test_another_version_of_the_lab_makes_its_own(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(folder=tmp_path, cache=tmp_path / "cache")
    clone = tmp_path / "clone"
    shutil.copytree(PROJECT / "lab/openstack", clone / "lab/openstack")
    shutil.copy(PROJECT / "lab/site.py", clone / "lab/site.py")
    monkeypatch.setattr(kept_site, "PROJECT", clone)
    assert find_kept(layout, VENV, cinder=False) == kept
    with (clone / "lab/site.py").open("a") as site:
        site.write("# another\n")
    assert find_kept(layout, VENV, cinder=False) is None

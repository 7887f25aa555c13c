"""The external machine that boots from a volume: Nova's and Cinder's word that it has one, and that it goes.

What the lab's hypervisor boots is the same Debian on whatever disk, so nothing here tells what is *on* the
volume; that the image was written onto it is the record that Cinder makes of it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from lab.openstack.site import IMAGE
from tests.integration.conftest import poll
from tests.integration.made_machine import Site, assert_connected

pytestmark = pytest.mark.extra("cinder")
SIZE, OTHER_SIZE = 6, 7
"""GiB; the flavor's own disk has another size."""


@pytest.fixture
def made(site: Site) -> Site:
    """The stack applied: what a test finds wrong is what it did itself."""
    site.up("--refresh", machineVolumeSize=SIZE)
    return site


@pytest.fixture
def small_quota(site: Site, cloud: Connection) -> Iterator[str]:
    """One GiB less for the program's project than the machine's volume has; what Cinder says of it."""
    project = str(site.cloud.current_project_id)
    cloud.set_volume_quotas(project, gigabytes=SIZE - 1)
    yield f"exceeds allowed gigabytes quota. Requested {SIZE}G, quota is {SIZE - 1}G"
    cloud.delete_volume_quotas(project)


def volume(site: Site) -> Any:
    """The only volume of the program's project."""
    (one,) = site.cloud.block_storage.volumes()
    return one


def test_a_volume_quota_that_is_too_small_is_named_and_what_to_do_then(site: Site, small_quota: str) -> None:
    text = site.up(check=False, machineVolumeSize=SIZE)
    assert small_quota in text and "Traceback" not in text
    again = site.up(check=False, machineVolumeSize=SIZE)
    assert small_quota in again and "Dial" not in again and "Traceback" not in again
    assert list(site.cloud.block_storage.volumes()) == []


def test_what_was_advised_then_makes_the_machine_on_a_volume_and_connects_it(site: Site) -> None:
    text = site.up(check=False, machineVolumeSize=SIZE)
    advice = re.search(r"(--replace) '(urn:\S+)'", text)
    assert advice
    site.up(*advice.groups(), machineVolumeSize=SIZE)
    disk, server = volume(site), site.server()
    assert (disk.size, disk.status, disk.is_bootable) == (SIZE, "in-use", True)
    assert disk.volume_image_metadata["image_name"] == IMAGE
    assert [attachment["server_id"] for attachment in disk.attachments] == [server.id]
    assert [attached.id for attached in server.attached_volumes] == [disk.id]
    assert not server.image
    assert_connected(site)


def test_a_second_up_and_a_refresh_have_nothing_to_do(made: Site) -> None:
    before = volume(made).id
    made.up("--expect-no-changes", machineVolumeSize=SIZE)
    made.run("preview", "--refresh", "--expect-no-changes", machineVolumeSize=SIZE)
    assert volume(made).id == before


def test_another_size_makes_the_machine_anew_on_another_volume(made: Site) -> None:
    """Longer than a minute on a busy machine: a volume is made of the image, and a VM boots from it."""
    before, server = volume(made).id, made.server().id
    made.up(machineVolumeSize=OTHER_SIZE)
    assert made.server().id != server
    poll("the old volume to be gone", lambda: made.cloud.block_storage.find_volume(before) is None)
    assert volume(made).size == OTHER_SIZE
    assert_connected(made)


def test_destroy_leaves_no_volume(site: Site) -> None:
    # The size of the test before, so that nothing has to be made.
    site.up(machineVolumeSize=OTHER_SIZE)
    assert volume(site).status == "in-use"
    site.run("destroy", "--yes", "--skip-preview")
    poll("nothing of it to be left", lambda: site.leftovers() == [])

"""Where Cinder keeps volumes in the lab: the volume driver `LabVolumes`, which keeps nothing.

Cinder's own drivers want tools and kernel modules that the lab has no use for, since a machine of the
lab boots the cached Debian whatever its disk is. So here a volume is Cinder's record of it: states,
quotas, attachments, and what is deleted with a machine are Cinder's and Nova's own. An image is taken as
written onto the volume at once. There are no snapshots, backups or clones.
"""

from typing import Any

from cinder.volume import driver


class LabVolumes(driver.VolumeDriver):  # type: ignore[misc]  # Cinder has no types
    """Has room for everything and does nothing."""

    VERSION = "1"

    def check_for_setup_error(self) -> None:
        """Nothing to check."""

    def _update_volume_stats(self) -> None:
        self._stats = {
            "volume_backend_name": self.configuration.volume_backend_name,
            "vendor_name": "calico-peering",
            "driver_version": self.VERSION,
            "storage_protocol": "lab",
            "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite",
        }

    def create_volume(self, volume: Any) -> None:
        """Make an empty volume."""

    def clone_image(
        self, context: Any, volume: Any, image_location: Any, image_meta: Any, image_service: Any
    ) -> tuple[dict[str, Any], bool]:
        """Make a volume with an image on it; what is returned says that nobody need copy it any more."""
        return {}, True

    def delete_volume(self, volume: Any) -> None:
        """Delete a volume."""

    def ensure_export(self, context: Any, volume: Any) -> None:
        """Offer a volume again after a restart."""

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        """Offer a volume to a compute host."""

    def remove_export(self, context: Any, volume: Any) -> None:
        """Offer it no more."""

    def initialize_connection(self, volume: Any, connector: Any) -> dict[str, Any]:
        """How a compute host reaches the volume; Nova's fake driver never does."""
        return {"driver_volume_type": "lab", "data": {}}

    def terminate_connection(self, volume: Any, connector: Any, **more: Any) -> None:
        """A compute host has done with the volume."""

"""The user data of a machine that is made here, for cloud-init.

Pure. It gives the machine its ssh host key, so that the very first connection is verified, and lets the
login in; the key that logs in comes with Nova's key pair. It installs nothing: that is BirdRouter's.
"""

import yaml

from components.machine.ssh_keys import tidy


def user_data(host_private_key: str, host_public_key: str, user: str) -> str:
    """A `#cloud-config` document. It holds a private key, so it is as secret as that.

    `user`: the login; cloud-init's default user gets this name, with sudo without a password.
    """
    document: dict[str, object] = {
        # No other key that the image may have brought along, and none that would be made now.
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": tidy(host_private_key), "ed25519_public": host_public_key + "\n"},
        "ssh_pwauth": False,
        "disable_root": user != "root",
    }
    if user != "root":
        document["user"] = {"name": user}
    return "#cloud-config\n" + yaml.safe_dump(document)

"""Right settings, to be made wrong."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0kfLB3XgwyN4bY1QmFHyG8sQ9c0e8oXo0mBqFhVYwT"
VALUES = {
    "nodes": '["172.34.8.10", "172.34.8.30", "172.34.8.76", "172.34.8.87"]',
    "sshHostKey": HOST_KEY,
}


def values(**changes: str) -> dict[str, str]:
    """The settings' texts with some of them changed."""
    return {**VALUES, **changes}

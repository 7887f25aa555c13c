"""The lab's Keystone: configuration, keys, database and start.

It makes the first user (`admin`) only; the others are made through its API (lab/openstack/identity.py), if
they are not those of an earlier lab with new passwords (lab/openstack/kept_site.py).
"""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from lab.hosts import Host
from lab.layout import PROJECT
from lab.openstack import databases
from lab.openstack.accounts import ADMIN
from lab.openstack.databases import KEYSTONE
from lab.openstack.serving import (
    DIRECT,
    KEYSTONE_PORT,
    KEYSTONE_URL,
    REGION,
    Serving,
    serve,
    write_private,
)

SET_PASSWORDS = PROJECT / "lab" / "openstack" / "services" / "keystone_passwords.py"
KEY_FOLDERS = ("fernet-keys", "credential-keys")


def _configuration(folder: Path) -> str:
    # Without a cache a request takes 300 ms. The hash is cheap because the passwords are random; it
    # takes at most 72 characters, and Keystone warns at every login when more are allowed.
    return f"""\
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///{folder / KEYSTONE}
sqlite_synchronous = false
[token]
provider = fernet
[fernet_tokens]
key_repository = {folder / "fernet-keys"}
[fernet_receipts]
key_repository = {folder / "fernet-keys"}
[credential]
key_repository = {folder / "credential-keys"}
[cache]
enabled = true
backend = dogpile.cache.memory
[identity]
password_hash_algorithm = bcrypt
password_hash_rounds = 4
max_password_length = 72
[oslo_policy]
enforce_scope = true
"""


def _write_keys(folder: Path) -> None:
    """Key 0 is the one to come, the highest number is in use (Keystone's rotation of Fernet keys)."""
    for name in KEY_FOLDERS:
        (folder / name).mkdir(mode=0o700)
        for number in ("0", "1"):
            key = base64.urlsafe_b64encode(os.urandom(32)).decode()
            write_private(folder / name / number, key)


def start(folder: Path, host: Host, venv: Path, passwords: Mapping[str, str], kept: Path | None) -> Serving:
    """Prepare Keystone in `folder`, which must not exist, and start it on `host`.

    `passwords` are those of all users, who are there already with the site of an earlier lab, `kept`.

    Raises:
        LabError: when its database cannot be filled.
    """
    folder.mkdir(mode=0o700)
    databases.copy(venv, folder, KEYSTONE, kept=kept)
    configuration = folder / "keystone.conf"
    write_private(configuration, _configuration(folder))
    _write_keys(folder)
    if kept:
        words = (str(venv / "bin" / "python"), str(SET_PASSWORDS), str(folder / KEYSTONE))
        host.run(*words, stdin=json.dumps(dict(passwords)))
    else:
        _bootstrap(host, venv, configuration, passwords[ADMIN])
    environment = {
        "OS_KEYSTONE_CONFIG_DIR": str(folder),
        "OS_KEYSTONE_CONFIG_FILES": configuration.name,
    }
    return serve(host, venv, folder, KEYSTONE_PORT, "keystone.wsgi.api:application", environment)


def _bootstrap(host: Host, venv: Path, configuration: Path, password: str) -> None:
    """Make the user ADMIN with this password, the roles, and Keystone's own entry in the catalog."""
    urls = [
        word
        for interface in ("admin", "internal", "public")
        for word in (f"--bootstrap-{interface}-url", KEYSTONE_URL)
    ]
    host.run(
        str(venv / "bin" / "keystone-manage"),
        f"--config-file={configuration}",
        "bootstrap",
        f"--bootstrap-region-id={REGION}",
        *urls,
        env={**DIRECT, "OS_BOOTSTRAP_PASSWORD": password, "PYTHONWARNINGS": "ignore"},
    )

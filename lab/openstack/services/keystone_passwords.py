"""Gives Keystone's users new passwords, in its database FILE: `keystone_passwords.py FILE`.

Runs with OpenStack's Python, and without Keystone, which would take ten times as long. On standard input is a
JSON object {user: password}. The hash is what lab/openstack/keystone.py has Keystone make, and as cheap.
"""

import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import bcrypt

ROUNDS = 4
SET = """
UPDATE password SET password_hash = ? WHERE local_user_id = (SELECT id FROM local_user WHERE name = ?)
"""


def write(path: Path, passwords: Mapping[str, str]) -> None:
    """Write the passwords of users who each have one already."""
    with closing(sqlite3.connect(path)) as database:
        for name, password in passwords.items():
            hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(ROUNDS)).decode()
            if database.execute(SET, (hashed, name)).rowcount != 1:
                sys.exit(f"{path} has not one password of {name}")
        database.commit()


if __name__ == "__main__":
    write(Path(sys.argv[1]), json.load(sys.stdin))

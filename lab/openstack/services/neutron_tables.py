"""Creates Neutron's tables in an empty SQLite file: `neutron_tables.py FILE`, with OpenStack's Python.

Neutron's migrations do not run on SQLite, so the tables come from its models. What the migrations
insert besides is the default rules of new security groups (release 2023.2): without them a new group
lets nothing out. They are taken from that migration itself.

It knows nothing of the lab, and refuses to touch a file that exists.
"""

import importlib.util
import sys
import uuid
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import neutron  # noqa: E402
import sqlalchemy  # noqa: E402
from neutron.db.migration.models import head  # noqa: E402
from neutron_lib.db import model_base  # noqa: E402

DEFAULT_RULES = "c33da356b165_*.py"
VERSIONS = "db/migration/alembic_migrations/versions"


def _default_rules() -> list[dict[str, Any]]:
    folder = Path(neutron.__file__).parent / VERSIONS
    (path,) = folder.rglob(DEFAULT_RULES)
    spec = importlib.util.spec_from_file_location("default_rules", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [dict(rule) for rule in module.default_template_rules]


def create(path: Path) -> None:
    """Create the file with all tables of this Neutron and the default security-group rules."""
    tables = model_base.BASEV2.metadata
    assert head.get_metadata() is tables
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    tables.create_all(engine)
    attributes = tables.tables["standardattributes"]
    rules = tables.tables["securitygroupdefaultrules"]
    with engine.begin() as connection:
        for rule in _default_rules():
            attribute = connection.execute(
                attributes.insert().values(description=rule.pop("description"), resource_type=rules.name)
            ).inserted_primary_key
            assert attribute
            values = {"id": str(uuid.uuid4()), **rule, "standard_attr_id": attribute[0]}
            connection.execute(rules.insert().values(**values))
    engine.dispose()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if target.exists():
        sys.exit(f"{target} exists already; remove it first")
    create(target)

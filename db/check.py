"""Fail when the tables in the code and the schema that the migrations make are not the same: python -m db.check."""

import sys
import tempfile
from pathlib import Path

from watcher.store.database import Database
from watcher.store.database.migrate import find_schema_differences, upgrade_schema


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder, 'check.db')}") as database:
        upgrade_schema(database)
        with database.read() as db:
            differences = find_schema_differences(db)
    for difference in differences:
        sys.stderr.write(f"{difference}\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

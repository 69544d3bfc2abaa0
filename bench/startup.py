"""Measures how long a command takes before it does its work: processor time and memory beside the least it needs.

    python bench/startup.py [--rounds 9] [--check]

Aims: `--help` and `--version` at most 8 times `python -c pass`; commands that read the database at most 1.5 times a
script that imports SQLAlchemy, Typer and PyYAML and opens the same database, and at most 60 MB. Processes alternate,
and the smallest time of each counts: what else the machine does makes a process slower, never faster.

Beside them runs a Typer command with two options that opens the same database and does nothing else: Typer builds a
validator of pydantic for each option when a command is called, which importing it does not show.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.figures import collect_figures  # noqa: E402

MAX_HELP_RATIO = 8.0
MAX_READ_RATIO = 1.5
MAX_READ_MB = 60.0
HELP_COMMANDS = ("--help", "--version")
READ_COMMANDS = (
    "hits", "hits --json", "search harbour", "stories", "status", "topics list",
    "feeds list", "digest list", "deliveries", "channels list", "db stats",
)  # fmt: skip
OPEN_DATABASE = """
import os, sqlalchemy, typer, yaml
engine = sqlalchemy.create_engine(os.environ["WATCHER_DATABASE_URL"])
with engine.connect() as connection:
    connection.execute(sqlalchemy.text("SELECT count(*) FROM entries")).scalar_one()
"""
BARE_COMMAND = f"""
import typer, yaml
app = typer.Typer()
@app.command()
def count(limit: int = 10, json: bool = False) -> None:
{"".join(f"    {line}" for line in OPEN_DATABASE.splitlines(keepends=True))}
app()
"""


@dataclass
class Samples:
    """What the processes of one command line used: processor seconds of each, and their largest memory."""

    arguments: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    max_megabytes: float = 0.0

    def run_once(self, environ: dict[str, str], folder: Path) -> None:
        process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        errors = process.stderr.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(self.arguments)}: exit code {process.returncode}\n{errors.decode()}")
        self.seconds.append(usage.ru_utime + usage.ru_stime)
        per_megabyte = 1 << 20 if sys.platform == "darwin" else 1 << 10
        self.max_megabytes = max(self.max_megabytes, usage.ru_maxrss / per_megabyte)


def write_database(folder: Path, url: str) -> None:
    """Make a database of the shipped configuration with a few entries, of which some are hits.

    In a process of its own: a child's largest memory is at least what its parent held when it started it.
    """
    from tests.topics.news import print_news
    from watcher.app.bootstrap import open_app

    with_hits = [f"Five Eyes partners weigh intelligence sharing, part {number}" for number in range(30)]
    without = [f"Harbour master reports calm weather, day {number}" for number in range(30)]
    application = open_app(folder / "config", {"WATCHER_STATE": str(folder), "WATCHER_DATABASE_URL": url})
    try:
        application.sync(datetime.now(UTC) - timedelta(days=1))
        print_news(application.database, *with_hits, *without, matcher=application.matcher)
    finally:
        application.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--check", action="store_true", help="exit code 1 where an aim is missed")
    parser.add_argument("--only", metavar="COMMAND", help="measure one command that reads")
    parser.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config").symlink_to(ROOT / "config")
        url = f"sqlite:///{folder / 'watcher.db'}"
        writer = get_context("spawn").Process(target=write_database, args=(folder, url))
        writer.start()
        writer.join()
        if writer.exitcode != 0:
            return 1
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "WATCHER_CONFIG": str(folder / "config"),
            "WATCHER_DATABASE_URL": url,
            "WATCHER_STATE": str(folder),
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),  # as installed: modules are compiled once
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        bare, reference = Samples(["-c", "pass"]), Samples(["-c", OPEN_DATABASE])
        bare_command = Samples(["-c", BARE_COMMAND])
        reads = [options.only] if options.only else READ_COMMANDS
        commands = {line: Samples(["-m", "watcher", *line.split()]) for line in (*HELP_COMMANDS, *reads)}
        for _round in range(options.rounds + 1):  # the first compiles the modules
            for samples in (bare, reference, bare_command, *commands.values()):
                samples.run_once(environ, folder)
    with collect_figures(as_json=options.json) as figures:
        figures |= {
            line: {
                "ms": 1000 * min(samples.seconds),
                "mb": samples.max_megabytes,
                "to_reference": min(samples.seconds) / min((bare if line in HELP_COMMANDS else reference).seconds),
                "to_bare_command": min(samples.seconds) / min(bare_command.seconds),
            }
            for line, samples in commands.items()
        }
        return report(bare, reference, bare_command, commands, check=options.check)


def report(
    bare: Samples, reference: Samples, bare_command: Samples, commands: dict[str, Samples], *, check: bool
) -> int:
    """Print the ratios; return the exit code."""
    print(f"{'python -c pass':24} {min(bare.seconds) * 1000:6.0f} ms {bare.max_megabytes:5.0f} MB")
    print(f"{'imports and database':24} {min(reference.seconds) * 1000:6.0f} ms {reference.max_megabytes:5.0f} MB")
    least = min(bare_command.seconds)
    print(
        f"{'bare Typer command':24} {least * 1000:6.0f} ms {bare_command.max_megabytes:5.0f} MB"
        f" {least / min(reference.seconds):6.2f} times"
    )
    missed = 0
    for line, samples in commands.items():
        against, aim = (bare, MAX_HELP_RATIO) if line in HELP_COMMANDS else (reference, MAX_READ_RATIO)
        ratio = min(samples.seconds) / min(against.seconds)
        is_missed = ratio > aim or (line not in HELP_COMMANDS and samples.max_megabytes > MAX_READ_MB)
        missed += is_missed
        print(
            f"{line:24} {min(samples.seconds) * 1000:6.0f} ms {samples.max_megabytes:5.0f} MB"
            f" {ratio:6.2f} times"
            f"{'' if line in HELP_COMMANDS else f', {min(samples.seconds) / least:.2f} times the bare command'}"
            f"{'  MISSED' if is_missed else ''}"
        )
    return 1 if check and missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""The tools of bench/completeness.py, each run by its own command, and what each has kept afterwards."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from completeness_records import Record

SCRIPTS = Path(sys.executable).parent
LIMIT = 300.0
"""Seconds after which a command is ended."""


@dataclass(frozen=True, slots=True)
class Run:
    """A command that has ended: what it wrote and what it cost."""

    output: str
    errors: str
    seconds: float
    cpu: float
    peak_mb: float


class Tool(Protocol):
    """A program that reads feeds, with a folder of its own."""

    def add(self, addresses: Sequence[str]) -> None:
        """Set the tool up with these feeds; this is not measured."""

    def poll(self) -> Run:
        """Fetch every feed once."""

    def list_records(self) -> list[Record]:
        """Return every item that the tool has kept, edits of one item as one."""

    def list_failing(self, run: Run) -> set[str]:
        """Return the addresses that the tool names as failing after a run."""


def run_measured(command: Sequence[str], folder: Path) -> Run:
    """Run a command to its end and measure it; its exit code is not judged, since a failing feed may set it."""
    output, errors = folder / "output.txt", folder / "errors.txt"
    # A proxy of the desk, or settings of one's own watcher, are no part of this.
    kept = {name: value for name, value in os.environ.items() if not re.match("(?i)watcher_|.*_proxy$", name)}
    began = time.perf_counter()
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=kept | {"HOME": str(folder)},
        )
        limit = threading.Timer(LIMIT, process.kill)
        limit.start()
        # Not `wait`: only wait4 returns what this one process used.
        _pid, status, used = os.wait4(process.pid, 0)
        limit.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0:
        sys.exit(f"{' '.join(command)} was ended by signal {-process.returncode} (limit: {LIMIT:g} s)")
    seconds = time.perf_counter() - began
    return Run(
        output.read_text(errors="replace"),
        errors.read_text(errors="replace"),
        seconds,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024,
    )


def _query(database: Path, sql: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


class Watcher:
    """Ours: `watcher poll --all --json` on a configuration that `watcher init` wrote, with its topics."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._configuration = folder / "configuration"
        self._database = folder / "watcher.db"

    def _command(self, *words: str) -> list[str]:
        chosen = ("--config", str(self._configuration), "--database-url", f"sqlite:///{self._database}")
        return [sys.executable, "-m", "watcher", *chosen, *words]

    def add(self, addresses: Sequence[str]) -> None:
        run_measured([sys.executable, "-m", "watcher", "init", str(self._configuration)], self._folder)
        # Instead of the starter's own feeds and settings; JSON is YAML.
        (self._configuration / "feeds.yaml").write_text(json.dumps({"feeds": list(addresses)}))
        (self._configuration / "watcher.yaml").write_text(json.dumps({"fetch": {"allow": ["127.0.0.0/8"]}}))

    def poll(self) -> Run:
        run = run_measured(self._command("poll", "--all", "--json"), self._folder)
        if not run.output.startswith("{"):
            sys.exit(f"`watcher poll` printed no summary:\n{run.output}{run.errors}")
        return run

    def list_records(self) -> list[Record]:
        records = _query(
            self._database,
            "SELECT feeds.url, entries.title, entries.summary || ' ' || entries.content"
            " FROM entries JOIN feeds ON feeds.id = entries.feed_id ORDER BY entries.id",
        )
        return [(feed, title, text) for feed, title, text in records]

    def list_failing(self, run: Run) -> set[str]:
        return {failure["feed"] for failure in json.loads(run.output)["failures"]}


class Reader:
    """lemon24's reader: `python -m reader update` with its usual workers, feeds added by its library."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = folder / "reader.db"

    def add(self, addresses: Sequence[str]) -> None:
        script = "import sys, reader\nfor url in sys.argv[2:]: reader.make_reader(sys.argv[1]).add_feed(url)"
        run_measured([sys.executable, "-c", script, str(self._database), *addresses], self._folder)

    def poll(self) -> Run:
        # Not `--scheduled`: it would find no feed due so soon after the first.
        command = [sys.executable, "-m", "reader", "--db", str(self._database), "update", "--no-scheduled"]
        return run_measured(command, self._folder)

    def list_records(self) -> list[Record]:
        rows = _query(self._database, "SELECT feed, title, summary, content FROM entries ORDER BY sequence")
        return [
            (feed, title or "", " ".join([summary or "", *(part["value"] for part in json.loads(content or "[]"))]))
            for feed, title, summary, content in rows
        ]

    def list_failing(self, run: Run) -> set[str]:
        del run
        return {url for (url,) in _query(self._database, "SELECT url FROM feeds WHERE last_exception IS NOT NULL")}


class Rss2email:
    """rss2email: `r2e run` with a mail server on loopback; what it has kept is what was mailed."""

    def __init__(self, folder: Path, smtp_port: int, read_mails: Callable[[], list[list[str]]]) -> None:
        self._folder = folder
        self._smtp_port = smtp_port
        self._read_mails = read_mails
        self._addresses: Sequence[str] = ()

    def _command(self, *words: str) -> list[str]:
        return [str(SCRIPTS / "r2e"), "-c", str(self._folder / "r2e.cfg"), "-d", str(self._folder / "r2e.json"), *words]

    def add(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        mail = (
            "[DEFAULT]\nto = desk@example.org\nemail-protocol = smtp\n"
            f"smtp-server = 127.0.0.1\nsmtp-port = {self._smtp_port}\n"
        )
        feeds = "".join(f"[feed.f{number}]\nurl = {address}\n" for number, address in enumerate(addresses))
        (self._folder / "r2e.cfg").write_text(mail + feeds)
        (self._folder / "r2e.json").write_text('{"version": 2, "feeds": []}')

    def poll(self) -> Run:
        return run_measured(self._command("run"), self._folder)

    def list_records(self) -> list[Record]:
        return [(feed, subject, text) for feed, subject, text in self._read_mails()]

    def list_failing(self, run: Run) -> set[str]:
        failed = [line for line in run.errors.splitlines() if "[ERROR]" in line]
        return {address for address in self._addresses if any(f"({address} ->" in line for line in failed)}

"""The installed command as a process, on a configuration of its own, against servers on loopback."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals
from types import TracebackType
from typing import Any, Self

import yaml

from tests.migrated import copy_migrated
from tests.ports import find_free_port

COMMAND = str(Path(sys.executable).with_name("watcher"))
PATIENCE = 90.0
"""Seconds that a test waits for what has to come; machines that build are slow."""


def wait_for(what: Callable[[], Any], awaited: str = "") -> Any:
    """Ask again and again until the answer is true; fails the test after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"it never came: {awaited or what}")


@dataclass
class Desk:
    """A configuration folder and what is run on it."""

    folder: Path
    port: int = field(default_factory=find_free_port)
    environ: dict[str, str] = field(default_factory=dict)

    def write(
        self,
        feeds: Sequence[str] = (),
        *,
        topics: Mapping[str, str] | None = None,
        channels: Mapping[str, Any] | None = None,
        digests: Sequence[Mapping[str, Any]] = (),
        **sections: Any,
    ) -> None:
        """Write the three files: feeds by address, topics by id, the rest as watcher.yaml has it."""
        main: dict[str, Any] = {
            "fetch": {"allow": ["127.0.0.0/8"], "spacing": "0s", "per_host": 8, "timeout": "20s"},
            "polling": {"minimum": "1s", "default": "1s", "maximum": "2s", "backoff": "1m"},
            "web": {"port": self.port},
            "channels": channels or {},
            "digests": list(digests),
        }
        self.folder.mkdir(exist_ok=True)
        wanted = topics or {"five-eyes": '"five eyes"'}
        self._put("watcher.yaml", main | sections)
        self._put("feeds.yaml", {"feeds": [{"url": url, "title": f"Outlet {n}"} for n, url in enumerate(feeds, 1)]})
        self._put(
            "topics.yaml", {"topics": [{"id": key, "name": key, "query": query} for key, query in wanted.items()]}
        )

    def migrate(self) -> None:
        """Put a database with the schema where commands would make one, which takes as long as most of them."""
        copy_migrated(self.folder / "var" / "watcher.db")

    def _put(self, name: str, values: Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
        return kept | {"WATCHER_CONFIG": str(self.folder), "NO_COLOR": "1"} | self.environ

    def run(self, *words: str, given: str | None = None, timeout: int = 60) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [COMMAND, *words],
            env=self.env,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def json(self, *words: str, code: int = 0) -> Any:
        """Run a command with --json and read its one document."""
        done = self.run(*words, "--json")
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def count(self, table: str) -> int:
        """Count the rows of a table, for waiting; 0 where it cannot be read just now.

        A command for each look would take the daemon's processor.
        """
        try:
            with closing(sqlite3.connect(f"file:{self.folder / 'var' / 'watcher.db'}?mode=ro", uri=True)) as connection:
                return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    def daemon(self) -> Daemon:
        return Daemon(self)


class Daemon:
    """`watcher run` as a process; entering waits until it is ready, leaving ends it if it still runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.log = desk.folder / "daemon.log"

    def __enter__(self) -> Self:
        self._file = self.log.open("a")
        self.process = subprocess.Popen(
            [COMMAND, "run"], env=self._desk.env, cwd=self._desk.folder, stdout=self._file, stderr=self._file
        )
        wait_for(lambda: self.process.poll() is not None or self.get("/readyz") == 200, "the daemon's readiness")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._file.close()

    def get(self, path: str) -> int:
        """Ask the page for a path; gives the status, 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._desk.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def text(self, path: str) -> str:
        """Return what the page answers to a path; empty where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._desk.port}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def signal(self, number: Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: Signals = SIGTERM) -> int:
        """End it and give its exit code."""
        self.signal(number)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

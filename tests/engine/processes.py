"""Workers as processes on a configuration, and what each of them logged."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.machine import Desk
from tests.engine.brisk import main
from watcher.store.database import Database

PATIENCE = 60.0
"""Seconds that a test waits for what has to come; machines that build are slow."""


def desk_on(database: Database, folder: Path, feeds: list[str], every: str = "3s", **sections: Any) -> Desk:
    """Configure workers on a database and feeds on loopback."""
    url = database.url.render_as_string(hide_password=False)
    desk = Desk(folder, environ={"WATCHER_DATABASE_URL": url})
    configure(desk, feeds, every, **sections)
    return desk


def configure(desk: Desk, feeds: list[str], every: str, **sections: Any) -> None:
    """Write the configuration, as a person would who edits it."""
    polling = {"minimum": every, "default": every, "maximum": every}
    desk.write(feeds, **({"engine": "procrastinate", "polling": polling} | sections))


PROCESSES = multiprocessing.get_context("forkserver")
"""Forked from a process that has imported everything: each is a process of its own, and begins quickly."""
PROCESSES.set_forkserver_preload(["tests.engine.brisk"])


class Worker:
    """A worker as a process, killed when the block ends if it still runs."""

    def __init__(self, desk: Desk, ahead: timedelta = timedelta()) -> None:
        self._log = desk.folder / f"worker.{time.monotonic_ns()}.log"
        self._log.touch()
        self.process = PROCESSES.Process(target=main, args=(desk.folder, desk.env, self._log, ahead))
        self.process.start()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{") and line.endswith("}")]
        return [said for said in lines if said.get("event") == name]

    def polled(self) -> int:
        return sum(int(said["feeds"]) for said in self.events("chunk polled"))

    def signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.join(20)

    def end(self) -> int | None:
        self.signal(signal.SIGTERM)
        self.process.join(PATIENCE)
        return self.process.exitcode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.is_alive():
            self.kill()
        if error is not None:
            sys.stderr.write(f"--- worker {self.process.pid}\n{self.log[-6000:]}\n")


def wait_for(what: Callable[[], object], said: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, f"it never came: {said}"
        time.sleep(0.05)

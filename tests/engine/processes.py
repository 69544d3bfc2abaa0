"""Real processes of the watcher for tests: a configuration folder, daemons and workers on it, and what they logged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REPOSITORY = Path(__file__).parents[2]


def configure(folder: Path, urls: Iterable[str], *, main: str = "", topics: str = "") -> Path:
    """Write a configuration that fetches from loopback; `main` is added to watcher.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    written = "".join(f"  - url: {url}\n" for url in urls)
    (folder / "feeds.yaml").write_text(f"feeds:\n{written}")
    (folder / "topics.yaml").write_text(topics or "topics:\n  - id: eyes\n    query: '\"five eyes\"'\n")
    (folder / "watcher.yaml").write_text(f"web: {{port: 0}}\n{main}")
    return folder


class Running:
    """A process of the command, ended when the block ends however it does; `log` is what it has logged so far."""

    def __init__(
        self, folder: Path, database_url: str, *words: str, program: Iterable[str] = ("-m", "watcher")
    ) -> None:
        self._log = folder.parent / f"{folder.name}.{time.monotonic_ns()}.log"
        environ = {**os.environ, "WATCHER_DATABASE_URL": database_url, "PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, *program, *words, "--config", str(folder), "--verbose"]
        with self._log.open("wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, env=environ)

    @property
    def text(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{") and line.endswith("}")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [said for said in self.log if said.get("event") == name]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def end(self, patience: float = 40) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        if error is not None:
            sys.stderr.write(f"--- process {self.process.pid}\n{self.text[-6000:]}\n")


def wait_for(what: Callable[[], object], patience: float = 40) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)

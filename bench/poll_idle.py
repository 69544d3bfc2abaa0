"""The daemon at rest: `watcher run` on many feeds of which none is due. Its memory and its share of a core.

What is measured are the daemon and the processes that it started. With `meaning` one topic is described by a sentence,
so that the encoder is loaded, and the daemon is watched once its process is there.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil
from poll_arms import TOPICS
from press import topics

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Rest:
    """What the daemon cost while it had nothing to do."""

    megabytes: float
    peak: float
    core: float
    seconds: float


def at_rest(feeds: int, folder: Path, *, settle: float, watch: float, meaning: bool = True) -> Rest:
    """Start the daemon on `feeds` feeds that are not due, let it settle, and watch it for some seconds."""
    with socket.socket() as free_socket:
        free_socket.bind(("127.0.0.1", 0))
        port = free_socket.getsockname()[1]
    config = folder / "config"
    config.mkdir()
    engine = "" if meaning else "meaning: {engine: none}\n"
    (config / "watcher.yaml").write_text(f"web: {{host: 127.0.0.1, port: {port}}}\n{engine}")
    written = "".join(f'  - {{url: "http://127.0.0.1:9/feed/{feed}", title: Outlet {feed}}}\n' for feed in range(feeds))
    (config / "feeds.yaml").write_text(f"feeds:\n{written}")
    written = "".join(f"  - id: {id_}\n    query: |\n      {query}\n" for id_, query in topics(TOPICS))
    if meaning:
        written += "  - {id: storms, query: storms, about: A storm damages a harbour and ferries stay in port.}\n"
    (config / "topics.yaml").write_text(f"topics:\n{written}")
    database = folder / "idle.db"
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "watcher", "--config", str(config), "--database-url", f"sqlite:///{database}"]
    # Once without a feed that could be reached, so that all are known; then none of them is due for a week.
    subprocess.run([*command, "db", "upgrade"], check=True, env=environ, stdout=subprocess.DEVNULL)
    _known_and_not_due(config, database)
    daemon = subprocess.Popen([*command, "run"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", daemon)
        process = psutil.Process(daemon.pid)
        if meaning:
            _wait_for_child(process)
        time.sleep(settle)
        begun, used = time.monotonic(), sum(process.cpu_times()[:2])
        most = 0.0
        while time.monotonic() - begun < watch:
            family = (process, *process.children(recursive=True))
            most = max(most, sum(member.memory_info().rss for member in family) / 2**20)
            time.sleep(0.5)
        seconds = time.monotonic() - begun
        core = (sum(process.cpu_times()[:2]) - used) / seconds
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        peak = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        return Rest(most, peak, core, seconds)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)


def _wait_for_child(process: psutil.Process) -> None:
    for _try in range(120):
        if process.children():
            return
        time.sleep(0.5)
    raise AssertionError("the encoder did not start: is the extra for meaning installed?")


def _known_and_not_due(config: Path, database: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from watcher import clock
    from watcher.app.bootstrap import open_app

    app = open_app(config, {}, database_url=f"sqlite:///{database}")
    app.sync(clock.now())
    app.close()
    with sqlite3.connect(database) as db:
        week = int((time.time() + 7 * 86_400) * 1000)
        db.execute("UPDATE feeds SET next_poll_at = ?", (week,))
    db.close()


def _wait_for(url: str, daemon: subprocess.Popen[bytes]) -> None:
    for _try in range(240):
        assert daemon.poll() is None, f"the daemon ended with {daemon.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the daemon did not come up")

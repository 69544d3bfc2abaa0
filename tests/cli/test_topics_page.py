"""docs/topics.md says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.desk import Desk, sqlite_desk
from watcher.cli import topics as commands
from watcher.match import check_topics
from watcher.settings import load

__all__ = ["sqlite_desk"]

PAGE = (Path(__file__).parents[2] / "docs" / "topics.md").read_text(encoding="utf-8")
NAMES = [command.name or getattr(command.callback, "__name__", "") for command in commands.app.registered_commands]


def test_the_page_names_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `topics ([a-z]+)", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(NAMES)
    assert set(re.findall(r"watcher topics ([a-z]+)", PAGE)) <= set(NAMES)


def test_every_option_that_the_page_names_is_one(sqlite_desk: Desk) -> None:
    for line in re.findall(r"^watcher topics .*$", PAGE, re.MULTILINE):
        name = line.split()[2]
        offered = sqlite_desk.run(name, "--help")[0]
        for option in re.findall(r"--[a-z-]+", line):
            assert re.search(rf"{option}\b", offered), (line, option)


def test_the_topics_of_the_page_pass_the_check(tmp_path: Path) -> None:
    [written] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "watcher.yaml").write_text("fetch: {}\n", encoding="utf-8")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    (tmp_path / "topics.yaml").write_text(written, encoding="utf-8")

    settings = load(tmp_path, {})

    assert [topic.id for topic in settings.topics] == ["five-eyes", "ferries"]
    assert check_topics(settings.topics, settings.sets) == ()


@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        pytest.param(["show", "port"], "topics show ID", id="show"),
        pytest.param(["test", "port"], "topics test", id="test"),
        pytest.param(["explain", "port", "1"], "topics explain", id="explain"),
        pytest.param(["diff", "port", "-q", "harbour"], "topics diff", id="diff"),
        pytest.param(["replay"], "topics replay", id="replay"),
        pytest.param(["probe", "port"], "topics probe", id="probe"),
        pytest.param(["cost", "port"], "topics cost", id="cost"),
    ],
)
def test_the_keys_that_the_page_promises_are_there(sqlite_desk: Desk, arguments: list[str], row: str) -> None:
    answer = sqlite_desk.json(*arguments)

    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `{row}")]
    document = re.sub(r"; (?:for a text|where|with).*|: \{.*?\}|: \[\{.*?\}\]", "", line.rsplit("| ", 1)[1])
    keys = set(re.findall(r'"(\w+)"', document))
    assert keys or "the same for one" in document
    assert keys <= set(answer)

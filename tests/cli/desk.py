"""A configuration folder and a database with some news, and the command line run on both in this process."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.topics.news import print_news
from watcher.cli.main import run
from watcher.match import TopicMatcher, compile_topics
from watcher.settings import load
from watcher.store.database import Database

TOPICS = {"port": "(harbour OR @boats) NOT film", "weather": "storm NEAR/2 harbour"}
SETS = {"boats": "ferry OR yacht"}
NEWS = ("Harbour storm hits ferry|Boats lie still.", "Harbour, the film", "Yacht sinks", "Budget passes", "Ferry band")


@dataclass
class Desk:
    folder: Path
    database: Database
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def write(self, topics: dict[str, str], sets: dict[str, str]) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "watcher.yaml").write_text("fetch: {allow: [127.0.0.0/8]}\n", encoding="utf-8")
        (self.folder / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
        settings = {
            "sets": sets,
            "topics": [{"id": id_, "name": id_.title(), "query": query} for id_, query in topics.items()],
        }
        (self.folder / "topics.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")

    @property
    def matcher(self) -> TopicMatcher:
        settings = load(self.folder, {})
        return compile_topics(settings.topics, settings.sets)

    def run(self, *arguments: str, stdin: str | bytes = "", expect: int = 0) -> tuple[str, str]:
        """Run the command; gives what it printed and what it said beside."""
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        self.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        self.capture.readouterr()
        code = run(["topics", *arguments])
        out, err = self.capture.readouterr()
        assert code == expect, (code, out, err)
        return out, err

    def json(self, *arguments: str, stdin: str | bytes = "", expect: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", stdin=stdin, expect=expect)[0])


def furnish(tmp_path: Path, database: Database, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> Desk:
    """Two topics and five reports, matched as they came."""
    made = Desk(tmp_path / "desk", database, capture, patch)
    made.write(TOPICS, SETS)
    patch.setenv("WATCHER_CONFIG", str(made.folder))
    patch.setenv("WATCHER_DATABASE_URL", database.url.render_as_string(hide_password=False))
    patch.delenv("WATCHER_STATE", raising=False)
    print_news(database, *NEWS, matcher=made.matcher)
    return made


@pytest.fixture
def desk(
    tmp_path: Path, database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    return furnish(tmp_path, database, capsys, monkeypatch)


@pytest.fixture
def sqlite_desk(
    tmp_path: Path, sqlite: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    return furnish(tmp_path, sqlite, capsys, monkeypatch)

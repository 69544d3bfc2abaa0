"""What may be missing, was merged or matched by an edit, as the command line shows it, from real polls to a mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers import MailServer
from tests.web_server import Reply, Server, rss
from watcher.cli.main import run
from watcher.store.database import Database


class Desk:
    def __init__(self, folder: Path, press: Server, post: MailServer, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.press, self.post, self._capture = folder, press, post, capture
        self.url = f"{press.url}/feed"

    def write(self, *paths: str, budget: Any = None) -> None:
        mail = {"kind": "email", "host": "127.0.0.1", "port": self.post.port, "security": "none",
                "sender": "w@desk.example", "to": ["a@desk.example"]}  # fmt: skip
        fetch = {"allow": ["127.0.0.0/8"], "spacing": "0s"} | ({"budget": budget} if budget else {})
        daily = {"name": "daily", "schedule": "daily at 7", "channels": ["mail"]}
        alerts = {"name": "alerts", "schedule": "immediate", "channels": ["mail"]}
        written = {"fetch": fetch, "channels": {"mail": mail}, "digests": [daily, alerts]}
        self.folder.mkdir(exist_ok=True)
        (self.folder / "watcher.yaml").write_text(yaml.safe_dump(written))
        (self.folder / "feeds.yaml").write_text(
            yaml.safe_dump({"feeds": [f"{self.press.url}{path}" for path in paths]})
        )
        (self.folder / "topics.yaml").write_text("topics:\n  - {id: walrus, name: Walrus, query: walrus}\n")

    def run(self, *arguments: str, expect: int = 0) -> str:
        self._capture.readouterr()
        code = run(list(arguments))
        out, err = self._capture.readouterr()
        assert code == expect, (code, out, err)
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))


@pytest.fixture
def desk(
    tmp_path: Path, database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with MailServer() as post, Server() as press:
        made = Desk(tmp_path / "desk", press, post, capsys)
        monkeypatch.setenv("WATCHER_CONFIG", str(made.folder))
        monkeypatch.setenv("WATCHER_STATE", str(tmp_path / "var"))
        monkeypatch.setenv("WATCHER_DATABASE_URL", database.url.render_as_string(hide_password=False))
        yield made


def test_what_exceeds_the_budget_is_in_status_history_and_preview(desk: Desk) -> None:
    desk.write("/feed", budget={"entries": 3})
    desk.press.pages["/feed"] = Reply(rss(*((f"g{n}", f"Report {n}") for n in range(10))))

    polled = desk.json("poll")
    standing, shown = desk.json("status"), desk.json("feeds", "show", desk.url)
    preview = desk.json("digest", "preview", "daily")

    assert (polled["entries"]["new"], polled["left_out"]) == (3, 7)
    assert (standing["left_out"], standing["feeds"]["degraded"], standing["feeds"]["fresh"]) == (7, 1, 0)
    assert (shown["left_out"], shown["health"], shown["polls"][0]["left_out"]) == (7, "degraded", 7)
    assert "7 items not stored, beyond the daily budget" in shown["polls"][0]["message"]
    assert (preview["coverage"]["left_out"], preview["coverage"]["bad"]) == (7, True)
    assert "7 items not stored" in preview["coverage"]["notes"][0]
    assert "7 not stored" in desk.run("status")
    assert "7 items not stored" in desk.run("feeds", "show", desk.url)
    assert "7 items were not stored and may be missing" in " ".join(desk.run("digest", "preview", "daily").split())
    assert desk.json("feeds", "list", "--health", "degraded")["feeds"][0]["left_out"] == 7


def test_repetitions_in_a_document_are_counted_everywhere(desk: Desk) -> None:
    desk.write("/feed")
    desk.press.pages["/feed"] = Reply(rss(("a", "One"), ("a", "One"), ("b", "Two"), ("b", "Two"), ("b", "Two")))

    desk.json("poll")
    standing, shown = desk.json("status"), desk.json("feeds", "show", desk.url)
    coverage = desk.json("digest", "preview", "daily")["coverage"]

    assert (standing["merged"], shown["merged"], shown["polls"][0]["merged"], coverage["merged"]) == (3, 3, 3, 3)
    assert not coverage["bad"]
    assert "3 items were taken for repetitions of others" in " ".join(desk.run("digest", "preview", "daily").split())
    assert "3 taken for repetitions" in desk.run("status")
    assert "3 items taken for repetitions of others" in desk.run("feeds", "show", desk.url)


def test_a_whole_feed_is_shown_without_a_word_of_it(desk: Desk) -> None:
    desk.write("/feed")
    desk.press.pages["/feed"] = Reply(rss(("a", "One"), ("b", "Two")))
    desk.json("poll")

    output = desk.run("status") + desk.run("feeds", "show", desk.url) + desk.run("digest", "preview", "daily")

    assert not any(word in output for word in ("repetition", "not stored", "merged", "degraded"))
    assert desk.json("status")["recovered"] == 0


def test_a_status_page_that_turns_red_arrives_by_mail_as_an_edit(desk: Desk) -> None:
    desk.write("/feed")
    desk.press.pages["/feed"] = Reply(rss(("level", "Level green")))
    desk.json("poll")
    desk.press.pages["/feed"] = Reply(rss(("level", "Level red: walrus at large")))
    desk.json("poll", "--all")

    [hit] = desk.json("digest", "preview", "daily")["topics"][0]["stories"][0]["hits"]
    desk.run("digest", "send", "alerts")

    [mail] = desk.post.messages
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    assert (hit["title"], hit["baseline"], hit["edited"], hit["matched_by_edit"]) == (
        "Level red: walrus at large", True, False, True,
    )  # fmt: skip
    assert "Level red: walrus at large" in text
    assert all("matches since an edit" in form and "Changed since it was reported" not in form for form in (text, page))

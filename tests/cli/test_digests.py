"""The commands digest and deliveries on the real command line, with a mail server to send to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.outgoing.world import found
from tests.servers import MailServer
from watcher.cli.main import run
from watcher.model.digest import Unsubscription
from watcher.store.database import Database
from watcher.store.digests.unsubscribes import add_unsubscription

READER = Unsubscription(subscription="daily", channel="mail", recipient="a@desk.example")


class Desk:
    def __init__(self, folder: Path, server: MailServer, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.server, self._capture = folder, server, capture

    def write(self, **digest: Any) -> None:
        mail = {"kind": "email", "host": "127.0.0.1", "port": self.server.port, "security": "none",
                "sender": "w@desk.example", "to": ["a@desk.example", "b@desk.example"]}  # fmt: skip
        made = {"name": "daily", "title": "The day", "schedule": "daily at 7", "channels": ["mail"]} | digest
        self.folder.mkdir(exist_ok=True)
        (self.folder / "watcher.yaml").write_text(yaml.safe_dump({"channels": {"mail": mail}, "digests": [made]}))
        (self.folder / "feeds.yaml").write_text("feeds: []\n")
        (self.folder / "topics.yaml").write_text(
            "topics:\n  - id: eyes\n    name: Five Eyes\n    query: '\"five eyes\"'\n"
        )

    def run(self, *arguments: str, expect: int = 0) -> tuple[str, str]:
        self._capture.readouterr()
        code = run(list(arguments))
        out, err = self._capture.readouterr()
        assert code == expect, (code, out, err)
        return out, err

    def json(self, *arguments: str, expect: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", expect=expect)[0])


@pytest.fixture
def desk(
    tmp_path: Path, database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with MailServer() as server:
        made = Desk(tmp_path / "desk", server, capsys)
        made.write()
        monkeypatch.setenv("WATCHER_CONFIG", str(made.folder))
        monkeypatch.setenv("WATCHER_STATE", str(tmp_path / "var"))
        monkeypatch.setenv("WATCHER_DATABASE_URL", database.url.render_as_string(hide_password=False))
        found(database, "Five Eyes partners meet", at=datetime.now(UTC) - timedelta(hours=1))
        yield made


def test_a_preview_shows_what_would_be_told_and_tells_nothing(desk: Desk) -> None:
    answer = desk.json("digest", "preview", "daily")
    text, _ = desk.run("digest", "preview", "daily")

    assert set(answer) >= {"name", "window", "coverage", "topics"}
    assert [story["title"] for topic in answer["topics"] for story in topic["stories"]] == ["Five Eyes partners meet"]
    assert "Five Eyes partners meet" in text
    assert desk.json("deliveries")["deliveries"] == []


@pytest.mark.parametrize(
    ("form", "sign"),
    [("html", "<mark"), ("markdown", "# The day"), ("slack", '"blocks"'), ("text", "# Five Eyes")],
)
def test_a_preview_comes_in_every_form(desk: Desk, form: str, sign: str) -> None:
    assert sign in desk.run("digest", "preview", "daily", "--format", form)[0]


def test_a_preview_reaches_as_far_back_as_asked(desk: Desk) -> None:
    assert desk.json("digest", "preview", "daily", "--since", "30m")["topics"] == []
    assert desk.json("digest", "preview", "daily", "--since", "2h")["topics"] != []


def test_a_digest_that_is_sent_arrives_and_is_told(desk: Desk) -> None:
    answer = desk.json("digest", "send", "daily")
    listed = desk.json("digest", "list")["digests"]

    assert desk.server.recipients == ["a@desk.example", "b@desk.example"]
    assert [delivery["state"] for delivery in answer["deliveries"]] == ["sent", "sent"]
    assert desk.json("digest", "preview", "daily")["topics"] == []
    assert listed[0]["last_at"] is not None
    assert listed[0]["next_at"] is not None


def test_what_could_not_be_delivered_is_listed_and_retried(desk: Desk) -> None:
    desk.server.faults["b@desk.example"] = ["refuse"]

    desk.run("digest", "send", "daily", expect=1)
    [dead] = desk.json("deliveries", "--state", "dead")["deliveries"]
    again = desk.json("deliveries", "retry", str(dead["id"]))

    assert (dead["recipient"], dead["error"]) == ("b@desk.example", "RCPT TO: 550 5.1.1 nobody of that name here")
    assert (again["state"], again["message_id"]) == ("pending", dead["message_id"])
    assert desk.json("deliveries")["outbox"] == {"pending": 1, "sent": 1}
    table, _ = desk.run("deliveries")
    assert "a@desk.example" in table


def test_quiet_hours_hold_a_sent_digest_unless_it_is_to_go_now(desk: Desk) -> None:
    now = datetime.now(UTC)
    quiet = {"start": f"{now - timedelta(hours=1):%H:%M}", "end": f"{now + timedelta(hours=2):%H:%M}"}
    desk.write(quiet=quiet)

    held = desk.json("digest", "send", "daily")
    forced = desk.json("digest", "send", "daily", "--now")

    assert {delivery["state"] for delivery in held["deliveries"]} == {"pending"}
    assert {delivery["state"] for delivery in forced["deliveries"]} == {"sent"}


def test_who_left_is_listed_and_can_come_back(desk: Desk, database: Database) -> None:
    with database.write() as db:
        add_unsubscription(db, READER, datetime.now(UTC))
    [listed] = desk.json("digest", "list")["digests"]
    desk.run("digest", "send", "daily")
    desk.run("digest", "resubscribe", "daily", "a@desk.example")

    assert [row["recipient"] for row in listed["unsubscribed"]] == ["a@desk.example"]
    assert desk.server.recipients == ["b@desk.example"]
    assert desk.json("digest", "list")["digests"][0]["unsubscribed"] == []
    assert "NAME" in desk.run("digest", "list")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digest", "send", "dayly"), "did you mean 'daily'"),
        (("digest", "preview", "nothing"), "no digest 'nothing'"),
        (("digest", "preview", "daily", "--since", "tomorrowish"), "is not a time"),
        (("deliveries", "retry", "99"), "no delivery '99'"),
        (("deliveries", "--state", "lost"), "'lost' is not one of"),
        (("digest", "resubscribe", "daily", "x@desk.example"), "no unsubscription"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_code_two(
    desk: Desk, arguments: tuple[str, ...], message: str
) -> None:
    out, err = desk.run(*arguments, expect=2)

    assert message in err
    assert "Traceback" not in err + out


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schedule", "weekdays at 25", "names no time of day"),
        ("schedule", "now and then", "is no schedule"),
        ("batch", "10m", "needs `schedule: immediate`"),
        ("alarms", "perhaps", "neither true nor false"),
    ],
)
def test_a_digest_that_cannot_be_is_refused_where_it_stands(desk: Desk, key: str, value: str, message: str) -> None:
    desk.write(**{key: value})

    _, err = desk.run("digest", "list", expect=2)

    assert message in err
    assert "watcher.yaml:" in err

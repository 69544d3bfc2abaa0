"""The commands that concern channels, on the real command line, with a mail server that refuses and one that takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_digests import Desk
from tests.outgoing.world import found
from tests.servers import MailServer
from tests.smtp_script import ScriptedMailServer
from watcher.store.database import Database


@pytest.fixture
def server() -> Iterator[ScriptedMailServer]:
    with ScriptedMailServer() as script:
        yield script


def desk_of(server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], **digest: object) -> Desk:
    made = Desk(tmp_path / "desk", server, capsys)  # type: ignore[arg-type]
    made.write(**digest)
    return made


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_CONFIG", str(tmp_path / "desk"))


def test_test_message_shows_each_step_of_the_conversation(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_of(server, tmp_path, capsys)

    tested = desk.json("channels", "test", "mail")

    assert [result["recipient"] for result in tested["results"]] == ["a@desk.example", "b@desk.example"]
    assert [step["name"] for step in tested["results"][0]["steps"]] == [
        "connect", "EHLO", "MAIL FROM", "RCPT TO", "DATA",
    ]  # fmt: skip
    assert b"Subject: Test message" in server.messages[0]
    assert desk.json("deliveries")["deliveries"] == []


def test_test_message_repeats_no_secret_that_the_server_repeats(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers |= {
        "EHLO": "250-hello\r\n250 AUTH PLAIN",
        "AUTH": "235 2.7.0 ok",
        "MAIL": "250 2.1.0 welcome, Zebra9secret (WmVicmE5c2VjcmV0)",
    }
    desk = desk_of(server, tmp_path, capsys)
    main = desk.folder / "watcher.yaml"
    login = "    kind: email\n    username: ann\n    password: Zebra9secret\n"
    main.write_text(main.read_text().replace("    kind: email\n", login))

    tested = desk.run("channels", "test", "mail", "--json")[0]

    assert "welcome, ***" in tested
    assert "Zebra9secret" not in tested
    assert "WmVicmE5c2VjcmV0" not in tested


def test_test_message_that_is_refused_names_the_step_and_exits_with_1(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["MAIL"] = "550 5.7.1 sender rejected"
    desk = desk_of(server, tmp_path, capsys)

    out, _err = desk.run("channels", "test", "mail", expect=1)

    assert "EHLO       ok" in out
    assert "failed: the channel was refused: MAIL FROM: 550 5.7.1 sender rejected" in out


def test_unknown_channel_is_a_usage_fault_with_the_nearest_name(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_of(server, tmp_path, capsys)

    assert "mail" in desk.run("channels", "test", "mial", expect=2)[1]


def test_dead_messages_of_a_channel_are_retried_together(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["RCPT"] = "550 5.1.1 nobody"
    desk = desk_of(server, tmp_path, capsys)
    desk.run("digest", "send", "daily", "--now", expect=1)

    retried = desk.json("deliveries", "retry", "--state", "dead", "--channel", "mail")

    assert retried == {"retried": 2}
    assert desk.json("deliveries")["outbox"] == {"pending": 2}
    for words in (["deliveries", "retry"], ["deliveries", "retry", "1", "--state", "dead"]):
        desk.run(*words, expect=2)
    desk.run("deliveries", "retry", "--state", "dead", "--channel", "pager", expect=2)


def test_refused_channel_is_named_in_status_and_list(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GREETING"] = "554 5.7.1 client host blocked"
    desk = desk_of(server, tmp_path, capsys)
    desk.run("digest", "send", "daily", "--now", expect=1)

    assert "client host blocked" in desk.run("status")[0]
    [blocked] = desk.json("status")["channels_blocked"]
    assert blocked["channel"] == "mail"
    assert desk.json("channels", "list")["channels"][0]["blocked"]["reason"].startswith("connect: 554")


def test_channel_and_digest_under_new_names_lose_nothing(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["GREETING"] = "421 4.3.2 later"
    desk = desk_of(server, tmp_path, capsys)
    desk.run("digest", "send", "daily", "--now", expect=1)
    with Database(f"sqlite:///{desk.folder / 'var' / 'watcher.db'}") as database:
        found(database, "Five Eyes quarrel", at=datetime.now(UTC))
    main = desk.folder / "watcher.yaml"
    written = main.read_text()
    written = written.replace("channels:\n  mail:", "channels:\n  post:\n    formerly: [mail]")
    written = written.replace("channels:\n  - mail", "channels:\n  - post")
    written = written.replace("  name: daily", "  name: morning\n  formerly: [daily]")
    main.write_text(written)
    server.answers.update(ScriptedMailServer().answers)

    preview = desk.json("digest", "preview", "morning")
    desk.run("deliveries", "retry", "--state", "retrying", "--channel", "post")
    desk.run("digest", "send", "morning", "--now")

    assert [story["title"] for topic in preview["topics"] for story in topic["stories"]] == ["Five Eyes quarrel"]
    assert {delivery["channel"] for delivery in desk.json("deliveries")["deliveries"]} == {"post"}
    assert desk.json("digest", "list")["digests"][0]["last_at"] is not None


def test_former_name_that_is_in_use_is_a_fault_with_its_place(
    server: ScriptedMailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_of(server, tmp_path, capsys, formerly=["daily"])

    err = "".join(desk.run("check", expect=2))

    assert "`formerly`: daily: digest `daily` has this name" in err
    assert "watcher.yaml:" in err


def test_mail_server_of_the_library_is_reached_with_all_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MailServer() as postmaster:
        desk = Desk(tmp_path / "desk", postmaster, capsys)
        desk.write()

        out, _err = desk.run("channels", "test", "mail")

    assert out.count("sent") == 2
    assert len(postmaster.messages) == 2

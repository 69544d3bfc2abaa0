"""The daemon as a person runs it: feeds in, digests out, signals obeyed, nothing lost when it is killed."""

from __future__ import annotations

import random
import signal
import time
import zlib
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machine import Desk, wait_for
from tests.engine.outlets import Outlets
from tests.servers import MailServer, SlackServer
from tests.web_server import Reply, Server, rss

BASELINE = ("old", "Harbour pilots end strike|Ships move again.")
NEWS = ("new", "Five Eyes partners weigh limits|Officials review what the Five Eyes share.")

SIX = (
    "ministers gather in Wellington|A two-day meeting behind closed doors begins.",
    "chief steps down over budget row|Her deputy takes the office until spring.",
    "warning on router hijacks|Owners of small devices should replace what is no longer mended.",
    "archive opens to historians|Files from the fifties show how it began.",
    "ships join exercise near Darwin|Frigates practised hunting submarines.",
    "law on wiretaps goes to parliament|Opposition members ask for a judge's word.",
)
"""Six events that nobody would take for one."""


def feed(press: Server, *items: tuple[str, str], path: str = "/feed") -> str:
    # With an ETag: a feed that proves nothing unchanged is asked every quarter of an hour at most.
    body = rss(*items)
    headers = {"Content-Type": "application/rss+xml", "ETag": f'"{zlib.crc32(body)}"'}
    press.pages[path] = Reply(body=body, headers=headers)
    return press.url + path


def mail_and_slack(mail: MailServer, slack: SlackServer) -> dict[str, Any]:
    return {
        "mail": {
            "kind": "email", "host": "127.0.0.1", "port": mail.port, "security": "none",
            "sender": "Watcher <watcher@desk.example>", "to": ["ann@desk.example", "bo@desk.example"],
        },
        "slack": {"kind": "slack", "webhook_url": "${SLACK_HOOK}"},
    }  # fmt: skip


def entries(desk: Desk) -> list[str]:
    answer = desk.json("search", "harbour OR eyes", "--limit", "1000")
    return sorted(match["entry"]["title"] for match in answer["entries"])


def test_news_reaches_the_mailbox_and_slack(desk: Desk, press: Server) -> None:
    url = feed(press, BASELINE)
    alert = {"name": "alerts", "title": "Alerts", "schedule": "immediate", "channels": ["mail", "slack"]}
    with MailServer() as mail, SlackServer() as slack:
        desk.environ["SLACK_HOOK"] = slack.webhook
        desk.write([url], channels=mail_and_slack(mail, slack), digests=[alert])
        with desk.daemon() as daemon:
            wait_for(lambda: desk.count("entries"), "the baseline")
            assert entries(desk) == ["Harbour pilots end strike"]
            feed(press, NEWS, BASELINE)
            wait_for(lambda: len(mail.messages) == 2 and slack.messages, "the alert")
            code = daemon.end()

    assert code == 0
    assert sorted(mail.recipients) == ["ann@desk.example", "bo@desk.example"]
    message: EmailMessage = mail.messages[0]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Five Eyes partners weigh limits" in text.get_content()
    assert "<mark" in html.get_content()
    assert len({str(mail_["Message-ID"]) for mail_ in mail.messages}) == 2
    assert "Five Eyes" in str(slack.messages[0]["blocks"])
    assert desk.json("status")["outbox"] == {"sent": 3}
    assert slack.webhook not in daemon.log.read_text()


def test_sigterm_finishes_what_is_in_flight(desk: Desk, press: Server) -> None:
    asked: list[float] = []

    def slow(_headers: dict[str, str]) -> Reply:
        asked.append(time.monotonic())
        time.sleep(1.5)
        return Reply(body=rss(NEWS))

    press.pages["/slow"] = slow
    desk.write([press.url + "/slow"])
    with desk.daemon() as daemon:
        wait_for(lambda: asked, "the poll")
        code = daemon.end()

    assert code == 0
    assert entries(desk) == ["Five Eyes partners weigh limits"]


def test_many_feeds_that_are_due_at_once_are_polled_as_soon_as_there_is_room(desk: Desk) -> None:
    with Outlets(hosts=120, feeds_each=1) as outlets:
        desk.write(
            outlets.urls,
            fetch={"allow": ["127.0.0.0/8"], "concurrency": 2},
            polling={"minimum": "1h", "default": "1h", "maximum": "1h"},
        )
        with desk.daemon() as daemon:
            wait_for(lambda: len({asked.url for asked in outlets.asked}) == 120, "every feed asked")
            assert daemon.end() == 0
        times = sorted(asked.at for asked in outlets.asked)

    # Three are in hand at once: had each second its three, this would take forty.
    assert times[-1] - times[0] < 25
    assert len(times) == 120
    assert "skipped" not in daemon.log.read_text()


def test_a_reload_takes_a_new_topic_and_refuses_a_broken_one(desk: Desk, press: Server) -> None:
    url = feed(press, BASELINE)
    desk.write([url])
    with desk.daemon() as daemon:
        wait_for(lambda: desk.count("entries"), "the baseline")
        desk.write([url], topics={"broken": "a AND b OR c"})
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: "reload refused" in daemon.log.read_text(), "the refusal")
        desk.write([url], topics={"harbour": "harbour"})
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in daemon.log.read_text(), "the reload")
        feed(press, ("third", "Harbour master retires|After forty years."), BASELINE)
        wait_for(lambda: desk.count("hits"), "a hit of the new topic")
        assert desk.json("hits", "--topic", "harbour")["hits"]
        code = daemon.end()

    assert code == 0
    assert "topics.yaml:4:" in daemon.log.read_text()


def test_a_second_daemon_on_the_same_file_is_refused(desk: Desk, press: Server) -> None:
    desk.write([feed(press, BASELINE)])
    with desk.daemon():
        second = desk.run("run")

    assert second.returncode == 1
    assert "a daemon already runs" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_is_one_line(desk: Desk, press: Server, tmp_path: Path) -> None:
    desk.write([feed(press, BASELINE)])
    other = Desk(tmp_path / "other", port=desk.port)
    other.write([])
    with desk.daemon():
        refused = other.run("run", "--quiet")

    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"127.0.0.1:{desk.port}" in refused.stderr


@pytest.mark.parametrize("kills", [3, pytest.param(len(SIX), marks=pytest.mark.slow)])
def test_killed_again_and_again_it_loses_no_entry_no_hit_and_no_mail(desk: Desk, press: Server, kills: int) -> None:
    chance = random.Random(20260302)
    items = [BASELINE]
    urls = [feed(press, *items, path=f"/feed-{n}") for n in range(3)]
    alert = {"name": "alerts", "schedule": "immediate", "channels": ["mail"], "cooldown": "0s"}
    with MailServer() as mail:
        box = {"mail": mail_and_slack(mail, SlackServer())["mail"] | {"to": ["ann@desk.example"]}}
        desk.write(urls, channels=box, digests=[alert])
        with desk.daemon() as daemon:
            wait_for(lambda: desk.count("entries") == 3, "the baseline")
            daemon.kill()
        for kill, headline in enumerate(SIX[:kills]):
            items.insert(0, (f"item-{kill}", f"Five Eyes {headline}"))
            for n in range(3):
                feed(press, *items, path=f"/feed-{n}")
            with desk.daemon() as daemon:
                time.sleep(chance.uniform(0.0, 1.2))
                daemon.kill()
        with desk.daemon() as daemon:
            wait_for(lambda: desk.count("hits") == 3 * kills, "every hit")
            hits = desk.json("hits", "--limit", "100")["hits"]
            titles = {hit["entry"]["title"] for hit in hits}
            wait_for(lambda: all(title in _told(mail) for title in titles), "every hit in a mail")
            code = daemon.end()

    assert code == 0
    assert desk.json("status")["entries"] == 3 + 3 * kills
    assert len({hit["entry"]["id"] for hit in hits}) == 3 * kills
    assert len(titles) == kills


def _told(mail: MailServer) -> str:
    """Give all that the mails say, in plain text on one line."""
    parts = [message.get_body(("plain",)) for message in mail.messages]
    return " ".join(" ".join(str(part.get_content()).split()) for part in parts if part is not None)

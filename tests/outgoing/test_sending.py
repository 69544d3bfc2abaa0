"""From the outbox to real servers that refuse, stall, hang up and limit: nothing lost, nothing under two identities."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.outgoing.world import HOUR, MINUTE, NOON, alerts, channel, daily, files, found, mail, press, senders
from tests.plain_http import NO_AUTHORITIES
from tests.servers import Answer, HookServer, MailServer, SlackServer
from watcher.model.digest import Channel, Delivery, DeliveryState
from watcher.pipeline.delivery import CLAIM_LEASE, DeliverySummary, deliver_waiting
from watcher.pipeline.digests import DigestContext, compose_now, resend_delivery
from watcher.store.database import Database
from watcher.store.outbox.leases import claim_abandoned_deliveries
from watcher.store.outbox.queries import find_deliveries
from watcher.store.outbox.queue import claim_delivery, record_attempt

WHSEC = "whsec_" + base64.b64encode(b"a key of the receiver and ours").decode()


@pytest.fixture
def postmaster() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def bot(slack: SlackServer, **options: object) -> Channel:
    given: dict[str, object] = {"token": slack.TOKEN, "channel": "C1", "api_url": slack.api}
    return channel("slack", "slack", **(given | options))


def hook(slack: SlackServer, **options: object) -> Channel:
    given: dict[str, object] = {"webhook_url": slack.webhook}
    return channel("slack", "slack", **(given | options))


def composed(database: Database, *channels: Channel, titles: int = 1) -> DigestContext:
    found(database, *(f"Five Eyes story {number}" for number in range(titles)), at=NOON - HOUR)
    ready = press([daily(channels=tuple(channel.name for channel in channels), max_stories=1000)], channels)
    compose_now(database, ready, "daily", NOON)
    return ready


def deliver(database: Database, ready: DigestContext, now: datetime = NOON, **how: object) -> DeliverySummary:
    async def go() -> DeliverySummary:
        async with httpx.AsyncClient(timeout=1, verify=NO_AUTHORITIES) as client:
            ways = senders(client)
            return await deliver_waiting(database, ready.channels, ways, lambda: now, jitter=lambda: 1.0, **how)

    return asyncio.run(go())


def rows(database: Database) -> list[Delivery]:
    with database.read() as db:
        return sorted(find_deliveries(db, limit=1000).items, key=lambda row: row.id)


def test_a_mail_arrives_whole_and_once(database: Database, postmaster: MailServer) -> None:
    ready = composed(database, mail(postmaster.port, "a@desk.example", "b@desk.example"))

    done = deliver(database, ready)
    again = deliver(database, ready, NOON + HOUR)

    assert (done.sent, again.sent) == (2, 0)
    assert postmaster.recipients == ["a@desk.example", "b@desk.example"]
    assert postmaster.connections == 1
    first, second = postmaster.messages
    assert first["Message-ID"] != second["Message-ID"]
    assert (first["To"], first["Auto-Submitted"]) == ("a@desk.example", "auto-generated")
    assert "Five Eyes story 0" in first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "<mark" in first.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_one_refused_recipient_repeats_no_others_message(database: Database, postmaster: MailServer) -> None:
    ready = composed(database, mail(postmaster.port, "a@desk.example", "gone@desk.example", "c@desk.example"))
    postmaster.faults["gone@desk.example"] = ["refuse"]

    done = deliver(database, ready)
    deliver(database, ready, NOON + HOUR)

    assert (done.sent, done.dead) == (2, 1)
    assert postmaster.recipients == ["a@desk.example", "c@desk.example"]
    assert [row.error for row in rows(database) if row.state is DeliveryState.DEAD] == [
        "RCPT TO: 550 5.1.1 nobody of that name here"
    ]


@pytest.mark.parametrize("fault", ["busy", "full", "hang-up"])
def test_what_was_not_taken_is_tried_again_later(sqlite: Database, postmaster: MailServer, fault: str) -> None:
    ready = composed(sqlite, mail(postmaster.port))
    postmaster.faults["a@desk.example"] = [fault]

    first = deliver(sqlite, ready)
    too_soon = deliver(sqlite, ready, NOON + timedelta(seconds=59))
    later = deliver(sqlite, ready, NOON + MINUTE)

    assert (first.retrying, too_soon.sent, later.sent) == (1, 0, 1)
    [row] = rows(sqlite)
    assert (row.doubts, row.attempts) == (0, 2)


@pytest.mark.parametrize("fault", ["stall", "drop"])
def test_a_doubtful_mail_is_sent_again_under_its_one_identity(
    sqlite: Database, postmaster: MailServer, fault: str
) -> None:
    ready = composed(sqlite, mail(postmaster.port, timeout=timedelta(seconds=0.3)))
    postmaster.faults["a@desk.example"] = [fault]

    deliver(sqlite, ready)
    [doubtful] = rows(sqlite)
    deliver(sqlite, ready, NOON + MINUTE)

    assert (doubtful.state, doubtful.doubts) == (DeliveryState.RETRYING, 1)
    assert [row.state for row in rows(sqlite)] == [DeliveryState.SENT]
    assert len({str(message["Message-ID"]) for message in postmaster.messages}) == 1
    assert len(postmaster.messages) == 2


def test_a_doubtful_mail_stands_uncertain_where_the_policy_is_drop_until_a_person_retries(
    sqlite: Database, postmaster: MailServer
) -> None:
    ready = composed(sqlite, mail(postmaster.port, on_uncertain="drop"))
    postmaster.faults["a@desk.example"] = ["drop"]

    done = deliver(sqlite, ready)
    untouched = deliver(sqlite, ready, NOON + 48 * HOUR)
    resend_delivery(sqlite, rows(sqlite)[0].id, NOON)
    wished = deliver(sqlite, ready)

    assert (done.uncertain, untouched.sent, wished.sent) == (1, 0, 1)
    assert len({str(message["Message-ID"]) for message in postmaster.messages}) == 1


def test_a_server_that_is_not_there_costs_tries_until_the_message_is_dead(sqlite: Database) -> None:
    ready = composed(sqlite, mail(9))
    states = []

    for hour in range(0, 48, 3):
        deliver(sqlite, ready, NOON + hour * HOUR)
        states.append(rows(sqlite)[0].state)

    assert states[0] is DeliveryState.RETRYING
    assert states[-1] is DeliveryState.DEAD


def try_when_due(database: Database, ready: DigestContext, end: datetime) -> datetime:
    """Try a message whenever it is due, until `end`; return when it was tried for the last time."""
    tried_at = NOON
    while True:
        [row] = rows(database)
        if row.state is not DeliveryState.RETRYING or row.next_try_at > end:
            return tried_at
        tried_at = row.next_try_at
        deliver(database, ready, tried_at)


@pytest.mark.parametrize("away_for", [17.9, 18.7, 22.0, 23.9])
def test_a_server_that_is_back_within_the_day_gets_the_message(
    sqlite: Database, postmaster: MailServer, away_for: float
) -> None:
    ready = composed(sqlite, mail(9))
    deliver(sqlite, ready)
    try_when_due(sqlite, ready, NOON + away_for * HOUR)
    waiting = rows(sqlite)[0]

    try_when_due(sqlite, press([daily()], [mail(postmaster.port)]), NOON + 24 * HOUR)

    assert waiting.state is DeliveryState.RETRYING
    assert waiting.next_try_at <= NOON + 24 * HOUR
    assert rows(sqlite)[0].state is DeliveryState.SENT
    assert len(postmaster.messages) == 1


def test_a_message_is_tried_as_its_day_ends_and_then_given_up(sqlite: Database) -> None:
    ready = composed(sqlite, mail(9))
    deliver(sqlite, ready)

    last = try_when_due(sqlite, ready, NOON + 100 * HOUR)

    assert (rows(sqlite)[0].state, last) == (DeliveryState.DEAD, NOON + 24 * HOUR)


@pytest.mark.parametrize("ahead", [25 * HOUR, 20 * 24 * HOUR])
def test_a_clock_that_jumps_ahead_while_a_server_is_away_gives_no_message_up(
    sqlite: Database, postmaster: MailServer, ahead: timedelta
) -> None:
    ready = composed(sqlite, mail(9))
    deliver(sqlite, ready)
    try_when_due(sqlite, ready, NOON + HOUR)

    for minutes in (0, 16, 48, 112, 240, 360):
        deliver(sqlite, ready, NOON + HOUR + ahead + minutes * MINUTE)
    waiting = rows(sqlite)[0].state
    deliver(sqlite, press([daily()], [mail(postmaster.port)]), NOON + 24 * HOUR + 2 * ahead)

    assert waiting is DeliveryState.RETRYING
    assert rows(sqlite)[0].state is DeliveryState.SENT


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_no_reason_to_give_up_and_is_in_no_record(sqlite: Database) -> None:
    with MailServer(login=("watcher", "right")) as server:
        ready = composed(sqlite, mail(server.port, username="watcher", password="wrong-s3cret"))
        done = deliver(sqlite, ready)
        right = press([daily()], [mail(server.port, username="watcher", password="right")])
        later = deliver(sqlite, right, NOON + MINUTE)

    assert (done.retrying, later.sent) == (1, 1)
    assert "s3cret" not in str(done.failures)


def test_a_message_that_somebody_died_over_is_taken_up_after_its_lease(
    database: Database, postmaster: MailServer
) -> None:
    ready = composed(database, mail(postmaster.port, "a@desk.example", "b@desk.example"))
    with database.write() as db:
        claim_delivery(db, NOON, lease_for=CLAIM_LEASE, channel="mail")

    before = deliver(database, ready, NOON + MINUTE)
    doubt = deliver(database, ready, NOON + CLAIM_LEASE)
    after = deliver(database, ready, NOON + CLAIM_LEASE + MINUTE)

    assert (before.sent, doubt.retrying, after.sent) == (1, 1, 1)
    assert [row.doubts for row in rows(database)] == [1, 0]


def test_a_claim_that_was_lost_records_nothing(database: Database) -> None:
    composed(database, mail(9))
    with database.write() as db:
        held = claim_delivery(db, NOON, lease_for=CLAIM_LEASE, channel="mail")
        claim_abandoned_deliveries(db, NOON + CLAIM_LEASE)
        assert held is not None
        kept = record_attempt(db, held, DeliveryState.SENT, now=NOON + CLAIM_LEASE)

    assert not kept


def test_slack_takes_a_long_digest_in_parts_of_one_thread(sqlite: Database, slack: SlackServer) -> None:
    ready = composed(sqlite, bot(slack), titles=120)

    done = deliver(sqlite, ready)

    assert done.sent == len(slack.messages) > 2
    assert "thread_ts" not in slack.messages[0]
    assert {message["thread_ts"] for message in slack.messages[1:]} == {slack.messages[0]["ts"]}


def test_slack_saying_not_ok_is_a_failure(sqlite: Database, slack: SlackServer) -> None:
    ready = composed(sqlite, bot(slack, token="xoxb-wrong-s3cret"))

    done = deliver(sqlite, ready)

    assert (done.retrying, done.sent) == (1, 0)
    assert rows(sqlite)[0].error == "invalid_auth"


def test_slack_is_asked_again_no_sooner_than_it_says(sqlite: Database, slack: SlackServer) -> None:
    ready = composed(sqlite, hook(slack))
    slack.next_answers = [Answer(status=429, headers={"Retry-After": "600"}, body="")]

    deliver(sqlite, ready)

    assert rows(sqlite)[0].next_try_at == NOON + timedelta(minutes=10)


def test_a_doubtful_slack_message_is_found_by_its_metadata_and_not_repeated(
    sqlite: Database, slack: SlackServer
) -> None:
    ready = composed(sqlite, bot(slack), titles=120)
    slack.next_answers = [Answer(drop=True)]

    first = deliver(sqlite, ready)
    second = deliver(sqlite, ready, NOON + MINUTE)

    assert first.retrying == 1
    assert [row.state for row in rows(sqlite)] == [DeliveryState.SENT] * len(rows(sqlite))
    assert second.sent == len(rows(sqlite)) - first.sent
    assert len(slack.messages) == len(rows(sqlite))


def test_a_doubtful_webhook_message_of_slack_follows_the_policy(sqlite: Database, slack: SlackServer) -> None:
    ready = composed(sqlite, hook(slack, on_uncertain="drop"))
    slack.next_answers = [Answer(stall=1.5)]

    deliver(sqlite, ready)

    [row] = rows(sqlite)
    assert (row.state, row.doubts) == (DeliveryState.UNCERTAIN, 1)
    assert "services" not in (row.error or "")


def test_a_webhook_is_signed_fresh_and_repeated_under_one_name(sqlite: Database) -> None:
    with HookServer(WHSEC) as server:
        to = channel("hook", "webhook", "x", url=server.url, secret=WHSEC)
        ready = composed(sqlite, to)
        server.next_answers = [Answer(status=503, body="later")]
        first = deliver(sqlite, ready)
        second = deliver(sqlite, ready, NOON + MINUTE)

    assert (first.retrying, second.sent) == (1, 1)
    [(name, body)] = server.taken.items()
    assert [asked.headers["webhook-id"] for asked in server.asked] == [name, name]
    assert body["topics"][0]["stories"][0]["title"] == "Five Eyes story 0"


def test_files_are_written_whole_with_a_feed_beside(sqlite: Database, tmp_path: Path) -> None:
    import feedparser

    ready = composed(sqlite, files(tmp_path / "out"))

    deliver(sqlite, ready)

    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["daily-20260302T1200.html", "daily-20260302T1200.txt", "digests.atom"]
    feed = feedparser.parse((tmp_path / "out" / "digests.atom").read_bytes())
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == ["The day: Five Eyes story 0"]


def test_a_folder_that_cannot_be_written_is_tried_again(sqlite: Database, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where a folder should be")

    done = deliver(sqlite, composed(sqlite, files(tmp_path / "out")))

    assert done.retrying == 1


def test_messages_of_a_channel_that_is_gone_from_the_configuration_wait_a_day_for_its_new_name(
    sqlite: Database,
) -> None:
    composed(sqlite, mail(9))

    first = deliver(sqlite, press([daily()], [files()]))
    last = deliver(sqlite, press([daily()], [files()]), NOON + 25 * HOUR)

    assert (first.retrying, first.dead, last.dead) == (1, 0, 1)
    assert "`formerly: [mail]`" in (rows(sqlite)[0].error or "")


def test_a_full_stop_is_made_between_two_messages(sqlite: Database, postmaster: MailServer) -> None:
    ready = composed(sqlite, mail(postmaster.port, "a@desk.example", "b@desk.example"))

    deliver(sqlite, ready, stopping=lambda: len(postmaster.messages) == 1)

    assert [row.state for row in rows(sqlite)] == [DeliveryState.SENT, DeliveryState.PENDING]


def test_no_secret_is_in_what_is_stored(sqlite: Database, slack: SlackServer) -> None:
    ready = composed(sqlite, bot(slack), mail(9, password="s3cret"))

    deliver(sqlite, ready)

    stored = json.dumps([[row.payload, row.error, row.message_id] for row in rows(sqlite)])
    assert "s3cret" not in stored
    assert slack.TOKEN not in stored
    assert slack.TOKEN not in repr(ready)


def test_an_alert_reaches_mail_and_slack(sqlite: Database, postmaster: MailServer, slack: SlackServer) -> None:
    found(sqlite, "Five Eyes: <b>sources</b> & *methods*", at=NOON - MINUTE)
    ready = press([alerts(channels=("mail", "slack"))], [mail(postmaster.port), hook(slack)])
    compose_now(sqlite, ready, "alerts", NOON)

    done = deliver(sqlite, ready)

    assert done.sent == 2
    assert "<b>" not in json.dumps(slack.messages)

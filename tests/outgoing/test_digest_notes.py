"""What a digest says beside its stories, alerts in batches, and channels that do not answer."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from sqlalchemy import insert

from tests.outgoing.test_sending import deliver, rows
from tests.outgoing.world import HOUR, MINUTE, NOON, TOPICS, alerts, daily, files, found, mail, press, senders
from tests.plain_http import NO_AUTHORITIES
from tests.servers import MailServer
from watcher.digest.volume import describe_unusual_volume
from watcher.model.digest import DeliveryState, TopicVolume
from watcher.pipeline.digests import compose_due, compose_now, preview_digest
from watcher.pipeline.dispatcher import Dispatcher
from watcher.store.database import Database
from watcher.store.digests.slots import register_subscriptions
from watcher.store.tables import hit_days
from watcher.store.topics import WatchedTopic, sync_topics

DAY = timedelta(days=1)


def used_to(database: Database, *counts: int, topic: str = "eyes") -> None:
    """A past: a day for each count, the latest first, on which feeds were read and a topic brought so many hits."""
    with database.write() as db:
        watched = [
            WatchedTopic(id=known_topic.id, name=known_topic.name, query=known_topic.query, version="v1")
            for known_topic in TOPICS
        ]
        sync_topics(db, watched, NOON - 60 * DAY)
        register_subscriptions(db, ["daily", "alerts"], NOON - DAY)
    for number, count in enumerate(counts, 2):
        day = NOON - number * DAY
        found(database, f"read on day {number}", at=day, topic="elsewhere")
        with database.write() as db:
            row = {"topic_id": topic, "day": f"{day:%Y-%m-%d}", "origin": "live", "hits": count}
            db.execute(insert(hit_days).values(row))
    found(database, "read today", at=NOON - HOUR, topic="elsewhere")


def only(name: str = "daily") -> object:
    return daily(name=name, topics=("eyes",), schedule="0 12 * * *")


def test_a_topic_far_above_its_own_usual_is_told_once_a_day(database: Database) -> None:
    used_to(database, *[2, 3, 1, 2] * 7)
    found(database, *(f"Five Eyes report {number}" for number in range(30)), at=NOON - HOUR)

    [first] = compose_due(database, press([only()]), NOON + MINUTE)
    with database.read() as db:
        soon = preview_digest(db, press([only()]), "daily", NOON + HOUR)
        later = preview_digest(db, press([only()]), "daily", NOON + 26 * HOUR)

    assert first.alarms == (
        "Five Eyes: many more hits than usual: 30 in 24 hours, usually 2 a day (median of 28 days)",
    )
    assert soon.alarms == ()
    assert later.alarms == ()


def test_a_topic_that_fell_silent_is_told_though_nothing_else_is(database: Database) -> None:
    used_to(database, *[12, 15, 9, 11] * 7)

    [digest] = compose_due(database, press([only()]), NOON + MINUTE)

    assert digest.sections == ()
    assert digest.alarms == (
        "Five Eyes: far fewer hits than usual: 0 in 24 hours, usually 11.5 a day (median of 28 days)",
    )
    assert len(rows(database)) == 1


def test_nothing_is_said_on_too_little_history_or_after_a_day_without_reading(sqlite: Database) -> None:
    used_to(sqlite, *[12] * 10)

    with sqlite.read() as db:
        assert preview_digest(db, press([only()]), "daily", NOON).alarms == ()
        assert preview_digest(db, press([only()]), "daily", NOON + 3 * DAY).alarms == ()


def test_days_before_a_topic_meant_what_it_means_do_not_count(sqlite: Database) -> None:
    used_to(sqlite, *[12] * 28)
    with sqlite.write() as db:
        sync_topics(db, [WatchedTopic(id="eyes", name="Five Eyes", query="q", version="v2")], NOON - 5 * DAY)

    with sqlite.read() as db:
        assert preview_digest(db, press([only()]), "daily", NOON).alarms == ()


def test_a_new_feed_and_the_archive_raise_no_alarm(sqlite: Database) -> None:
    used_to(sqlite, *[2] * 28)
    found(sqlite, *(f"Five Eyes once {number}" for number in range(40)), at=NOON - HOUR, baseline=True)

    with sqlite.read() as db:
        assert preview_digest(db, press([only()]), "daily", NOON).alarms == ()


def test_alarms_can_be_turned_off(sqlite: Database) -> None:
    used_to(sqlite, *[12] * 28)
    quiet = daily(topics=("eyes",), alarms=False)

    with sqlite.read() as db:
        assert preview_digest(db, press([quiet]), "daily", NOON).alarms == ()


def test_an_alert_tells_of_silence_within_the_hour_and_once(sqlite: Database) -> None:
    used_to(sqlite, *[12] * 28)
    watching = press([alerts(topics=("eyes",))])

    composed = [compose_due(sqlite, watching, NOON + n * 10 * MINUTE) for n in range(30)]

    assert [len(digest.alarms) for made in composed for digest in made] == [1]


def test_chance_alone_raises_an_alarm_on_fewer_than_one_day_in_two_hundred() -> None:
    chance = random.Random(3)
    false = 0
    for _ in range(1000):
        rate = chance.choice([0.5, 3, 10, 40])
        counts = [sum(chance.expovariate(1) < rate / 200 for _ in range(200)) for _ in range(29)]
        false += describe_unusual_volume(TopicVolume(topic="t", count=counts[0], days=tuple(counts[1:]))) is not None

    assert false < 5


def test_alerts_of_a_topic_come_in_batches_and_another_topics_at_once(database: Database) -> None:
    batched = press([alerts(batch=30 * MINUTE, alarms=False)])
    with database.write() as db:
        register_subscriptions(db, ["alerts"], NOON - DAY)
    sent: list[tuple[int, list[str]]] = []

    for minute in range(0, 70, 5):
        now = NOON + minute * MINUTE
        found(database, f"Five Eyes at {minute}", at=now)
        if minute == 10:
            found(database, "Grid fails", at=now, topic="grid")
        for made in compose_due(database, batched, now):
            titles = [line.lead.title for section in made.sections for line in section.stories]
            sent.append((minute, sorted(titles)))

    assert [(minute, len(titles)) for minute, titles in sent] == [(0, 1), (10, 1), (30, 6), (60, 6)]
    assert sent[1][1] == ["Grid fails"]


def test_messages_that_did_not_arrive_are_in_the_next_digest_without_their_readers_names(database: Database) -> None:
    with MailServer() as server:
        server.faults["gone@desk.example"] = ["refuse"]
        server.faults["lost@desk.example"] = ["drop"]
        to = mail(server.port, "gone@desk.example", "lost@desk.example", "a@desk.example", on_uncertain="drop")
        both = press([daily(channels=("mail",)), daily(name="other")], [to, files()])
        compose_now(database, both, "daily", NOON)
        deliver(database, both)

    with database.read() as db:
        shown = preview_digest(db, both, "other", NOON + HOUR)
    assert [line.partition(".")[0] for line in shown.troubles] == [
        "1 message of “daily” through “mail” did not arrive",
        "1 message of “daily” through “mail” may not have arrived",
    ]
    assert "desk.example" not in str(shown.troubles)


def test_a_server_that_is_down_costs_the_others_messages_no_tries(sqlite: Database) -> None:
    many = mail(9, *(f"reader-{number}@desk.example" for number in range(10)))
    ready = press([daily(channels=("mail",))], [many])
    compose_now(sqlite, ready, "daily", NOON)

    deliver(sqlite, ready)

    assert [row.attempts for row in rows(sqlite)] == [1, 1, 1] + [0] * 7


def test_a_slow_channel_keeps_no_other_waiting(sqlite: Database) -> None:
    with MailServer() as slow, MailServer() as quick:
        slow.faults["a@desk.example"] = ["stall"]
        slow_channel = mail(slow.port, "a@desk.example", timeout=timedelta(seconds=20))
        other = replace(mail(quick.port, "b@desk.example"), name="quick")
        ready = press([daily(channels=("mail",)), daily(name="other", channels=("quick",))], [slow_channel, other])
        compose_now(sqlite, ready, "daily", NOON)
        asyncio.run(_until_taken(sqlite, ready, slow, quick))

    states = {row.channel: row.state for row in rows(sqlite)}
    assert states["quick"] is DeliveryState.SENT
    assert states["mail"] is DeliveryState.SENDING


async def _until_taken(database: Database, ready: object, slow: MailServer, quick: MailServer) -> None:
    """Let the slow server hang over a message, then compose for the quick one, and wait until that has it."""

    def clock() -> datetime:
        return NOON + MINUTE

    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        post = Dispatcher(database, senders(client), clock, owner="test")
        await post.tick(ready.channels)  # type: ignore[attr-defined]
        end = time.monotonic() + 15
        while not slow.messages and time.monotonic() < end:
            await asyncio.sleep(0.02)
        compose_now(database, ready, "other", NOON)  # type: ignore[arg-type]
        await post.tick(ready.channels)  # type: ignore[attr-defined]
        while time.monotonic() < end:
            await asyncio.sleep(0.05)
            if any(row.state is DeliveryState.SENT for row in rows(database)):
                break

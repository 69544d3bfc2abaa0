"""Real processes killed at every step of composing and delivering: nothing lost, at most one repeat a kill."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from datetime import timedelta

import pytest

from tests.outgoing.mortal import main
from tests.outgoing.world import HOUR, NOON, found
from tests.servers import MailServer, SlackServer
from watcher.model.digest import DeliveryState
from watcher.store.database import Database
from watcher.store.digests.queries import find_digests, list_digest_hit_ids
from watcher.store.digests.slots import register_subscriptions
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries

DAY = timedelta(days=1)


PROCESSES = multiprocessing.get_context("forkserver")
"""Forked from a process that has imported everything: each is a process of its own, and begins quickly."""
PROCESSES.set_forkserver_preload(["tests.outgoing.mortal"])


def lives(
    database: Database,
    server: MailServer | SlackServer,
    what: str,
    point: str = "",
    passes: int = 0,
    hour: int = 0,
    way: str = "resend",
) -> bool:
    """Run a process that dies at a point; tell whether it got to its end."""
    process = PROCESSES.Process(target=main, args=(str(database.url), server.port, what, point, passes, hour, way))
    process.start()
    process.join(60)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


@pytest.mark.parametrize("point", ["gathered", "composed", "committed"])
def test_a_compose_that_dies_tells_every_hit_once(sqlite: Database, point: str) -> None:
    with sqlite.write() as db:
        register_subscriptions(db, ["daily"], NOON - DAY)
    hit_ids = found(sqlite, "Five Eyes partners meet", "Five Eyes partners leave", at=NOON - 6 * HOUR)
    with MailServer() as server:
        died = not lives(sqlite, server, "compose", point)
        lives(sqlite, server, "compose")
        lives(sqlite, server, "deliver")

    assert died
    assert sorted(server.recipients) == sorted(f"reader-{number}@desk.example" for number in range(5))
    with sqlite.read() as db:
        [digest] = find_digests(db).items
        assert sorted(list_digest_hit_ids(db, digest.id)) == sorted(hit_ids)


@pytest.mark.parametrize(
    ("point", "repeats"),
    [
        pytest.param("claimed", 0, id="before it is sent"),
        pytest.param("sent", 1, id="after it is sent, before it is recorded"),
        pytest.param("recorded", 0, id="as the next is taken"),
    ],
)
def test_a_delivery_that_dies_loses_nothing_and_repeats_at_most_one(sqlite: Database, point: str, repeats: int) -> None:
    with sqlite.write() as db:
        register_subscriptions(db, ["daily"], NOON - DAY)
    found(sqlite, "Five Eyes partners meet", at=NOON - 6 * HOUR)
    with MailServer() as server:
        lives(sqlite, server, "compose")
        died = not lives(sqlite, server, "deliver", point, 2)
        with sqlite.read() as db:
            in_doubt = [row for row in find_deliveries(db).items if row.state is DeliveryState.SENDING]
        for hour in (1, 2):
            lives(sqlite, server, "deliver", hour=hour)

    assert died
    assert len(in_doubt) == 1
    copies = Counter(str(message["Message-ID"]) for message in server.messages)
    assert len(copies) == 5
    assert sum(copies.values()) - 5 == repeats
    with sqlite.read() as db:
        assert count_deliveries_by_state(db) == {"sent": 5}
        assert sum(row.doubts for row in find_deliveries(db).items) == 1


def test_what_a_dead_process_was_sending_stands_uncertain_where_the_policy_is_drop(sqlite: Database) -> None:
    with sqlite.write() as db:
        register_subscriptions(db, ["daily"], NOON - DAY)
    found(sqlite, "Five Eyes partners meet", at=NOON - 6 * HOUR)
    with MailServer() as server:
        lives(sqlite, server, "compose", way="drop")
        lives(sqlite, server, "deliver", "sent", 2, way="drop")
        for hour in (1, 30):
            lives(sqlite, server, "deliver", hour=hour, way="drop")

    assert len(server.messages) == 5
    with sqlite.read() as db:
        assert count_deliveries_by_state(db) == {"sent": 4, "uncertain": 1}


@pytest.mark.parametrize("point", ["claimed", "sent", "recorded"])
def test_a_slack_bot_that_dies_at_any_step_posts_every_part_once(sqlite: Database, point: str) -> None:
    with sqlite.write() as db:
        register_subscriptions(db, ["daily"], NOON - DAY)
    found(sqlite, *(f"Five Eyes story {number}" for number in range(120)), at=NOON - 6 * HOUR)
    with SlackServer() as server:
        lives(sqlite, server, "compose", way="bot")
        died = not lives(sqlite, server, "deliver", point, 1, way="bot")
        for hour in (1, 2, 3):
            lives(sqlite, server, "deliver", hour=hour, way="bot")

    assert died
    with sqlite.read() as db:
        count = len(find_deliveries(db).items)
        assert count_deliveries_by_state(db) == {"sent": count}
    messages = [message["metadata"]["event_payload"]["message_id"] for message in server.messages]
    assert len(messages) == len(set(messages)) == count > 2

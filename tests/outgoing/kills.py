"""Many digests composed and sent by processes that are killed at random moments, one after the other."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
import structlog

from tests.outgoing.world import MINUTE, NOON, daily, found, mail, press
from tests.plain_http import NO_AUTHORITIES
from tests.servers import MailServer
from watcher.channels.base import SenderContext
from watcher.channels.senders import Senders
from watcher.model.digest import Delivery, DeliveryState
from watcher.pipeline.delivery import deliver_waiting
from watcher.pipeline.digests import DigestContext, compose_now
from watcher.pipeline.lease_recovery import recover_leases
from watcher.store.database import Database
from watcher.store.digests.queries import find_digests, list_digest_hit_ids
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries

TOPICS = {"again": "eyes", "once": "grid"}
"""Two digests, told by turns: the channel of one sends again what is in doubt, that of the other leaves it."""
SPEED = 120
"""How many seconds of the senders' clock pass in one of ours: a minute's wait before a retry is half a second."""
STEP = 20
LAST_ONE = 1200
"""Seconds for the process that nobody kills."""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.outgoing.kills"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What came of it: `doubts` are messages whose fate was unknown at some time, `lost` neither sent nor in doubt."""

    digests: int
    hits_told: int
    kills: int
    sent: int
    uncertain: int
    lost: int
    repeated: int
    most_copies: int
    foreign: int
    doubts: int
    repeated_once: int
    others: int
    seconds: float


def both(port: int) -> DigestContext:
    again = mail(port, "a@desk.example", timeout=timedelta(seconds=20))
    once = mail(port, "a@desk.example", timeout=timedelta(seconds=20), on_uncertain="drop")
    channels = [replace(again, name="again"), replace(once, name="once")]
    return press(
        [daily(name=name, channels=(name,), topics=(topic,), alarms=False) for name, topic in TOPICS.items()], channels
    )


def work(url: str, port: int, count: int, begun: float) -> None:
    """Compose what is not composed yet, send what waits, and go on until nothing does."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    ready = both(port)
    after = NOON + (count + 1) * MINUTE

    def clock() -> datetime:
        return after + timedelta(seconds=(time.time() - begun) * SPEED)

    with Database(url) as database:
        recover_leases(database, lambda owner: owner != str(os.getpid()), clock())
        while True:
            composed = _composed(database)
            for number in range(composed, min(count, composed + STEP)):
                compose_now(database, ready, list(TOPICS)[number % 2], NOON + number * MINUTE + MINUTE / 2)
            asyncio.run(_deliver(database, ready, clock))
            with database.read() as db:
                states = count_deliveries_by_state(db)
            if composed >= count and not set(states) & {"pending", "retrying", "sending"}:
                return


async def _deliver(database: Database, ready: DigestContext, clock: Callable[[], datetime]) -> None:
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        senders = Senders(SenderContext(http=client, clock=clock))
        await deliver_waiting(database, ready.channels, senders, clock, owner=str(os.getpid()))


def _composed(database: Database) -> int:
    """Count the digests there are: they are composed in order, each once."""
    with database.read() as db:
        digests = find_digests(db, limit=1).items
    return digests[0].id if digests else 0


def suffer(database: Database, count: int, kills: int, seed: int, patience: tuple[float, float] = (0.2, 2.0)) -> Fate:
    """Tell of `count` hits in as many digests, killing the process at work `kills` times at the least."""
    chance = random.Random(seed)
    for number in range(count):
        found(database, f"Five Eyes story {number}", at=NOON + number * MINUTE, topic=list(TOPICS.values())[number % 2])
    begun = time.time()
    killed = 0
    with MailServer() as server:
        while True:
            process = PROCESSES.Process(
                target=work, args=(database.url.render_as_string(hide_password=False), server.port, count, begun)
            )
            process.start()
            process.join(chance.uniform(*patience) if killed < kills else LAST_ONE)
            if process.exitcode is None:
                assert process.pid is not None
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                killed += 1
                assert killed <= kills, "it does not come to an end"
                continue
            assert process.exitcode == 0, process.exitcode
            break
        return _fate(database, server, killed, time.time() - begun)


def _fate(database: Database, server: MailServer, killed: int, seconds: float) -> Fate:
    copies = Counter(str(message["Message-ID"]) for message in server.messages)
    with database.read() as db:
        rows: list[Delivery] = []
        cursor = None
        while True:
            page = find_deliveries(db, limit=1000, cursor=cursor)
            rows += page.items
            if (cursor := page.next_cursor) is None:
                break
        reported = sum(len(list_digest_hit_ids(db, row.digest_id)) for row in rows)
    sent = {row.message_id for row in rows if row.state is DeliveryState.SENT}
    doubtful = {row.message_id for row in rows if row.state is DeliveryState.UNCERTAIN}
    return Fate(
        digests=len(rows),
        hits_told=reported,
        kills=killed,
        sent=len(sent),
        uncertain=len(doubtful),
        lost=len([row for row in rows if row.message_id not in copies and row.message_id not in doubtful]),
        repeated=sum(copies.values()) - len(copies),
        most_copies=max(copies.values()),
        foreign=len(set(copies) - {row.message_id for row in rows}),
        doubts=sum(row.doubts for row in rows),
        repeated_once=sum(copies[row.message_id] > 1 for row in rows if row.channel == "once"),
        others=len(rows) - len(sent) - len(doubtful),
        seconds=seconds,
    )

"""The post room while the database is away: what was sent is known once it is back."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, update

from tests.outgoing.world import HOUR, MINUTE, NOON, daily, found, mail, press, senders
from tests.plain_http import NO_AUTHORITIES
from tests.servers import MailServer
from tests.smtp_script import ScriptedMailServer
from watcher.model.digest import DeliveryState
from watcher.pipeline.digests import DigestContext, compose_now
from watcher.pipeline.dispatcher import Dispatcher
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Database
from watcher.store.outbox.queries import find_deliveries
from watcher.store.tables import outbox


class LockingMailServer(MailServer):
    """Takes a message, and locks the database before it says so."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        assert database.path is not None
        self.lock = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if not self.messages:
            self.lock.execute("BEGIN IMMEDIATE")
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def impatient(sqlite: Database) -> Database:
    event.listen(sqlite.engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout = 50"))
    sqlite.engine.dispose()
    return sqlite


def test_a_message_sent_while_the_database_went_away_is_recorded_later_and_not_repeated(impatient: Database) -> None:
    found(impatient, "Five Eyes on the grid")
    with LockingMailServer(impatient) as server:
        ready = press([daily(channels=("mail",))], [mail(server.port, "a@desk.example", "b@desk.example")])
        compose_now(impatient, ready, "daily", NOON)

        faults = asyncio.run(_send_twice(impatient, ready, server))

    assert server.recipients == ["a@desk.example", "b@desk.example"]
    assert faults == []
    with impatient.read() as db:
        delivered = find_deliveries(db).items
    assert [(delivery.state, delivery.doubts) for delivery in delivered] == [(DeliveryState.SENT, 0)] * 2


async def _send_twice(database: Database, ready: DigestContext, server: LockingMailServer) -> list[object]:
    """Send under the lock, then without; returns what the event loop had to complain of."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        storage = StorageMonitor()
        post = Dispatcher(database, senders(client), lambda: NOON + MINUTE, owner="test", storage=storage)
        await post.tick(ready.channels)
        async with asyncio.timeout(20):
            while storage.fault is None:
                await asyncio.sleep(0.02)
        assert server.recipients == ["a@desk.example"]
        server.lock.execute("ROLLBACK")
        await post.wait_until_idle()
        await post.tick(ready.channels)
        await post.wait_until_idle()
    return faults


@pytest.mark.parametrize("server", [{"GREETING": "554 5.7.1 client host blocked"}, {"RCPT": "451 4.3.0 try again"}])
def test_no_message_is_given_up_while_the_clock_is_doubted(sqlite: Database, server: dict[str, str]) -> None:
    found(sqlite, "Five Eyes on the grid")
    with ScriptedMailServer(server) as mail_server:
        ready = press([daily(channels=("mail",))], [mail(mail_server.port, "a@desk.example")])
        compose_now(sqlite, ready, "daily", NOON)
        # The clock jumps ahead after an hour: the message looks as if it had waited for 30 days.
        moments = [NOON + minutes * MINUTE for minutes in range(0, 60, 5)] + [NOON + timedelta(days=30)]

        states = [asyncio.run(_send_at(sqlite, ready, moment, is_doubted=moment > NOON + HOUR)) for moment in moments]
        trusted = asyncio.run(_send_at(sqlite, ready, NOON + timedelta(days=31), is_doubted=False))

    assert set(states) == {DeliveryState.RETRYING}
    assert trusted is DeliveryState.DEAD


async def _send_at(database: Database, ready: DigestContext, now: datetime, *, is_doubted: bool) -> DeliveryState:
    """Put the only message in line, let it be sent, and return its state."""
    with database.write() as db:
        db.execute(update(outbox).values(next_try_at=now))
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        post = Dispatcher(
            database, senders(client), lambda: now, owner="test", is_clock_doubted=lambda: is_doubted
        )  # fmt: skip
        await post.tick(ready.channels)
        await post.wait_until_idle()
    with database.read() as db:
        [delivery] = find_deliveries(db).items
    return delivery.state

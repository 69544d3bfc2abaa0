"""Composes and delivers in a process that ends itself (kill -9) at a named point."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import datetime, timedelta

import httpx

from tests.outgoing.world import HOUR, NOON, daily, mail, press
from watcher.deliver import senders
from watcher.pipeline import points
from watcher.pipeline.outgoing import Press, compose_due, deliver_waiting
from watcher.store.engine import Database


def main(url: str, port: int, what: str, point: str, passes: int, hour: int) -> None:
    """Compose or deliver, `hour` hours after noon; die at `point`, when it was passed `passes` times before."""
    left = passes

    def end(name: str) -> None:
        nonlocal left
        if name == point:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    points.watch(end)
    now = NOON + hour * HOUR
    to = [f"reader-{number}@desk.example" for number in range(5)]
    ready = press([daily(channels=("mail",))], [mail(port, *to, timeout=timedelta(seconds=5))])
    with Database(url) as database:
        if what == "compose":
            compose_due(database, ready, now)
        else:
            asyncio.run(_deliver(database, ready, now))


async def _deliver(database: Database, ready: Press, now: datetime) -> None:
    async with httpx.AsyncClient() as client:
        await deliver_waiting(database, ready, senders(client), lambda: now, jitter=lambda: 1.0)

"""Composes and delivers in a process that ends itself (kill -9) at a named point."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from datetime import datetime, timedelta

import httpx

from tests.outgoing.world import HOUR, NOON, channel, daily, mail, press, senders
from tests.plain_http import NO_AUTHORITIES
from tests.servers import SlackServer
from watcher.model.digest import Channel
from watcher.pipeline.checkpoints import Checkpoint
from watcher.pipeline.delivery import deliver_waiting
from watcher.pipeline.digests import DigestContext, compose_due
from watcher.store.database import Database


def main(url: str, port: int, what: str, point: str, passes: int, hour: int, way: str = "resend") -> None:
    """Compose or deliver, `hour` hours after noon; die at `point`, when it was passed `passes` times before.

    `way` is the mail channel's policy, or `bot` for a Slack bot.
    """
    left = passes

    def end(name: str) -> None:
        nonlocal left
        if name == point:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    now = NOON + hour * HOUR
    to = [f"reader-{number}@desk.example" for number in range(5)]
    out = bot(port) if way == "bot" else mail(port, *to, timeout=timedelta(seconds=5), on_uncertain=way)
    ready = press([daily(channels=(out.name,), max_stories=1000)], [out])
    with Database(url) as database:
        if what == "compose":
            compose_due(database, replace(ready, checkpoint=end), now)
        else:
            asyncio.run(_deliver(database, ready, now, end))


def bot(port: int) -> Channel:
    return channel("slack", "slack", token=SlackServer.TOKEN, channel="C1", api_url=f"http://127.0.0.1:{port}/api")


async def _deliver(database: Database, ready: DigestContext, now: datetime, checkpoint: Checkpoint) -> None:
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        await deliver_waiting(
            database, ready.channels, senders(client), lambda: now, jitter=lambda: 1.0, checkpoint=checkpoint
        )

"""Fetches for tests: under a policy that opens loopback, with names that a test sets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.feed_builder import build_feed
from watcher.errors import ShardLostError
from watcher.fetch import Fetcher, FetchPolicy, Resolver
from watcher.model.access import Access
from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import FetchResult

T = TypeVar("T")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
POLICY = FetchPolicy(
    allow=("127.0.0.0/8",),
    spacing=timedelta(0),
    connect=timedelta(seconds=5),
    read=timedelta(seconds=5),
    total=timedelta(seconds=10),
    resolve=timedelta(seconds=1),
)


async def everywhere(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def feed(url: str, access: Access | None = None, **known: Any) -> Feed:
    return build_feed(url, config=FeedConfig(url=url, access=access or Access()), **known)


def fetching(
    work: Callable[[Fetcher], Awaitable[T]],
    resolver: Resolver = everywhere,
    context: ssl.SSLContext | None = None,
    **changed: Any,
) -> T:
    async def run() -> T:
        async with Fetcher(replace(POLICY, **changed), resolver, context) as fetcher:
            return await work(fetcher)

    return asyncio.run(run())


def fetch(url: str, access: Access | None = None, resolver: Resolver = everywhere, **changed: Any) -> FetchResult:
    """Fetch a feed once."""
    return fetching(lambda fetcher: fetcher.feed(feed(url, access)), resolver, **changed)


class LostHost:
    """A `check` that allows a request when its turn comes, and not when it would be sent: the process was stopped."""

    def __init__(self) -> None:
        self.checks = 0

    def __call__(self) -> None:
        self.checks += 1
        if self.checks == 2:
            raise ShardLostError(7)

"""Feeds are tried without anything being stored."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.web_server import Reply, Server, rss
from watcher.fetch import Fetcher, FetchPolicy
from watcher.model.feed import FeedConfig
from watcher.pipeline.feed_check import FeedCheck, check_feeds


def test_each_feed_is_tried_once_and_told_in_order() -> None:
    heard: list[FeedCheck] = []

    async def tried(*urls: str) -> tuple[FeedCheck, ...]:
        async with Fetcher(FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0))) as fetcher:
            return await check_feeds(fetcher, [FeedConfig(url=url) for url in urls], heard.append)

    with Server() as press:
        press.pages["/good"] = Reply(rss(("1", "One"), ("2", "Two"), title="Harbour"))
        press.pages["/old"] = Reply(status=301, headers={"Location": "/good"})
        press.pages["/empty"] = Reply(rss())
        press.pages["/page"] = Reply(b"<!doctype html><html><title>Welcome</title><body>Hello</body></html>")
        press.pages["/again"] = Reply(rss(("1", "One"), ("1", "One"), ("2", "Two"), ("2", "Two"), ("3", "Three")))
        names = ("good", "old", "empty", "page", "absent", "again")
        trials = asyncio.run(tried(*(f"{press.url}/{name}" for name in names)))

    assert [trial.kind for trial in trials] == ["read", "read", "read", "html", "not-found", "read"]
    assert [trial.ok for trial in trials] == [True, True, True, False, False, True]
    assert (trials[0].title, trials[0].items, trials[0].message) == ("Harbour", 2, "")
    assert trials[1].message == f"moved permanently to {press.url}/good"
    assert trials[2].message == "has no items"
    assert "Welcome" in trials[3].message
    assert (trials[5].items, trials[5].merged, trials[5].message) == (5, 2, "2 repeat others in the document")
    assert sorted(trial.source.url for trial in heard) == sorted(trial.source.url for trial in trials)

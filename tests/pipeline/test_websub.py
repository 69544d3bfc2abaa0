"""WebSub on real sockets: a publisher, its hub, and our own page where the hub calls back."""

from __future__ import annotations

import asyncio
import hmac
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from tests.moments import NOON
from tests.plain_http import NO_AUTHORITIES
from tests.ports import find_free_port
from tests.web_server import Reply, Server, rss
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import compile_topics
from watcher.model.feed import Feed, FeedConfig
from watcher.model.topic import Topic
from watcher.model.websub import WebSubState, WebSubSubscription
from watcher.pipeline.context import PipelineContext
from watcher.pipeline.poller import Poller
from watcher.pipeline.websub.service import Subscriber
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries_after
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds, release_feeds
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feed
from watcher.store.hits.search import find_hits
from watcher.store.websub.subscriptions import list_websub_subscriptions
from watcher.web.websub import make_router

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EYES = compile_topics([Topic(id="eyes", name="Five Eyes", query='"five eyes"')])


class Hub:
    """A hub that takes what it is asked; `calls` are the questions, with the answers of whoever asked beside them."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 202
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                hub.asked.append({name: values[0] for name, values in form.items()})
                self.send_response(hub.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hub"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class World:
    """All of it, with a clock that only a test moves."""

    database: Database
    hub: Hub
    publisher: Server
    subscriber: Subscriber
    poller: Poller
    caller: httpx.AsyncClient
    now: datetime = NOON
    active: bool = True
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.publisher.url}/feed"

    def feed(self) -> Feed:
        with self.database.read() as db:
            return load_feed(db, self.url)

    def callback(self) -> WebSubSubscription:
        with self.database.read() as db:
            [only] = list_websub_subscriptions(db)
        return only

    def titles(self) -> list[str]:
        with self.database.read() as db:
            return [stored.entry.item.title for stored in load_entries_after(db)]

    async def call(self, callback_url: str, **asked: str) -> httpx.Response:
        """Ask as a hub does."""
        return await self.caller.get(f"{callback_url}?{urlencode({'hub.' + k: v for k, v in asked.items()})}")

    async def verified(self, lease: str = "864000") -> httpx.Response:
        """Let the hub verify what it was asked for last."""
        asked = self.hub.asked[-1]
        return await self.call(
            asked["hub.callback"],
            mode=asked["hub.mode"],
            topic=asked["hub.topic"],
            challenge="c-1 <b>",
            lease_seconds=lease,
        )

    async def push(self, body: bytes, *, secret: str | None = None, method: str = "sha256") -> httpx.Response:
        """Push as the hub does, signed with what it was given unless told otherwise."""
        asked = next(request for request in reversed(self.hub.asked) if "hub.secret" in request)
        key = asked["hub.secret"] if secret is None else secret
        signature = f"{method}={hmac.new(key.encode(), body, method).hexdigest()}"
        headers = {"Content-Type": "application/rss+xml", "X-Hub-Signature": signature}
        return await self.caller.post(asked["hub.callback"], content=body, headers=headers)

    async def subscribed(self) -> None:
        """Poll the feed, ask its hub, and let that agree."""
        await self.poller.run_once()
        await self.subscriber.run_once()
        assert (await self.verified()).status_code == 200


@asynccontextmanager
async def world(database: Database) -> AsyncIterator[World]:
    hub = Hub()
    port = find_free_port()
    policy = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=10))
    with Server() as publisher:
        async with Fetcher(policy) as fetcher, httpx.AsyncClient(verify=NO_AUTHORITIES) as caller:
            worlds: list[World] = []

            def clock() -> datetime:
                return worlds[0].now

            context = PipelineContext(
                database=database, fetcher=fetcher, matcher=lambda: EYES, clock=clock, jitter=lambda: 0.0
            )
            subscriber = Subscriber(
                context, public_url=lambda: f"http://127.0.0.1:{port}/", is_active=lambda: worlds[0].active
            )
            async with Poller(context) as poller:
                made = World(database, hub, publisher, subscriber, poller, caller)
                worlds.append(made)
                links = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{made.url}"/>'
                links += f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{hub.url}"/>'
                made.fields["extra"] = links
                publisher.pages["/feed"] = Reply(rss(("1", "Old news"), extra=links))
                with database.write() as db:
                    sync_feeds(db, [FeedConfig(url=made.url)], NOON, timedelta(minutes=15))
                app = FastAPI()
                app.include_router(make_router(subscriber))
                config = uvicorn.Config(app, "127.0.0.1", port, log_config=None, lifespan="off")
                server = uvicorn.Server(config)
                serving = asyncio.create_task(server._serve())  # without taking the signals
                while not server.started:
                    await asyncio.sleep(0.01)
                try:
                    yield made
                finally:
                    server.should_exit = True
                    await serving
                    hub.close()


def run(database: Database, story: Callable[[World], Any]) -> None:
    async def told() -> None:
        async with world(database) as made:
            await story(made)

    asyncio.run(told())


def test_a_feed_with_a_hub_is_subscribed_and_the_hub_believed_once_it_has_called_back(database: Database) -> None:
    async def story(world: World) -> None:
        await world.poller.run_once()

        await world.subscriber.run_once()

        [asked] = world.hub.asked
        assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", world.url)
        assert len(asked["hub.secret"]) >= 32
        assert len(urlsplit(asked["hub.callback"]).path) > 30
        assert int(asked["hub.lease_seconds"]) > 0
        assert world.callback().state is WebSubState.ASKED
        answer = await world.verified()
        assert (answer.status_code, answer.text) == (200, "c-1 <b>")
        assert answer.headers["content-type"].startswith("text/plain")
        assert world.callback().state is WebSubState.LIVE
        await world.subscriber.run_once()
        assert len(world.hub.asked) == 1

    run(database, story)


def test_a_push_is_stored_and_matched_and_lets_polling_rest_as_a_net(database: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        world.now += 10 * MINUTE

        answer = await world.push(rss(("2", "Five Eyes meet")))

        assert answer.status_code == 204
        assert world.titles() == ["Old news", "Five Eyes meet"]
        with world.database.read() as db:
            assert [hit.stored.entry.item.title for hit in find_hits(db).items] == ["Five Eyes meet"]
            assert load_polls(db, world.feed().id)[0].message == "pushed by its hub"
        feed = world.feed()
        assert feed.poll.next_poll_at == NOON + 6 * HOUR
        assert (feed.stats.gaps, feed.push.pushed_at) == (0, world.now)
        world.now += HOUR
        await world.push(rss(("3", "More")))
        assert world.feed().poll.next_poll_at == NOON + 6 * HOUR

    run(database, story)


def test_polling_that_finds_what_was_pushed_finds_nothing_new_and_no_gap(database: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        await world.push(rss(("2", "Five Eyes meet")))
        world.publisher.pages["/feed"] = Reply(rss(("2", "Five Eyes meet"), extra=world.fields["extra"]))
        world.now += 6 * HOUR

        polled = await world.poller.run_once()

        assert (polled.due, polled.new, polled.lost) == (1, 0, 0)
        assert world.feed().poll.next_poll_at == world.now + 6 * HOUR

    run(database, story)


def test_news_that_was_not_pushed_puts_the_feed_back_to_its_own_rhythm(database: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        await world.push(rss(("2", "Pushed")))
        world.publisher.pages["/feed"] = Reply(rss(("3", "Kept back"), ("2", "Pushed"), extra=world.fields["extra"]))
        world.now += 6 * HOUR

        await world.poller.run_once()

        assert world.feed().push.pushed_at is None
        assert world.feed().poll.next_poll_at <= world.now + HOUR
        with world.database.read() as db:
            assert "its hub did not push" in load_polls(db, world.feed().id)[0].message

    run(database, story)


@pytest.mark.parametrize("method", ["sha1", "sha384", "sha512"])
def test_every_method_of_the_recommendation_signs(sqlite: Database, method: str) -> None:
    async def story(world: World) -> None:
        await world.subscribed()

        assert (await world.push(rss(("2", "Signed")), method=method)).status_code == 204

        assert "Signed" in world.titles()

    run(sqlite, story)


def test_what_is_not_signed_as_agreed_is_acknowledged_and_ignored(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        callback = world.hub.asked[-1]["hub.callback"]

        forged = await world.push(rss(("6", "Forged")), secret="guessed")
        unsigned = await world.caller.post(callback, content=rss(("7", "Unsigned")))
        odd = await world.caller.post(callback, content=rss(("8", "Odd")), headers={"X-Hub-Signature": "md5=0"})

        assert [forged.status_code, unsigned.status_code, odd.status_code] == [202, 202, 202]
        assert world.titles() == ["Old news"]
        assert world.feed().push.pushed_at is None

    run(sqlite, story)


def test_only_what_we_asked_for_is_confirmed(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.poller.run_once()
        await world.subscriber.run_once()
        mine, topic = world.hub.asked[-1]["hub.callback"], world.url
        asked = {"topic": topic, "challenge": "c", "lease_seconds": "60"}

        answers = [
            await world.call(mine, **{**asked, "mode": "subscribe", "topic": "http://other.example/"}),
            await world.call(mine, **asked, mode="unsubscribe"),
            await world.call(mine, topic=topic, mode="subscribe"),
            await world.call(mine, **asked, mode="publish"),
            await world.call(f"{mine}x", **asked, mode="subscribe"),
        ]
        pushed_elsewhere = await world.caller.post(f"{mine}x", content=b"")

        assert [answer.status_code for answer in answers] == [404] * 5
        assert pushed_elsewhere.status_code == 410
        assert world.callback().state is WebSubState.ASKED

    run(sqlite, story)


def test_a_lease_is_renewed_at_four_fifths_of_it(database: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        world.now = NOON + timedelta(days=7)
        await world.subscriber.run_once()
        assert len(world.hub.asked) == 1

        world.now = NOON + timedelta(days=8, minutes=1)
        await world.subscriber.run_once()

        assert [asked["hub.mode"] for asked in world.hub.asked] == ["subscribe"] * 2
        assert world.hub.asked[0]["hub.secret"] == world.hub.asked[1]["hub.secret"]
        assert (await world.verified()).status_code == 200
        assert world.callback().expires_at == world.now + timedelta(days=10)

    run(database, story)


def test_a_lease_that_ran_out_ends_the_rest_of_polling(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        await world.push(rss(("2", "Pushed")))
        world.hub.status = 500
        world.now = NOON + timedelta(days=10, minutes=1)

        await world.subscriber.run_once()

        assert world.callback().state is WebSubState.ASKED
        assert world.feed().push.pushed_at is None
        assert world.feed().poll.next_poll_at <= world.now

    run(sqlite, story)


def test_a_hub_that_denies_is_asked_again_a_day_later(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        await world.push(rss(("2", "Pushed")))
        callback = world.hub.asked[-1]["hub.callback"]

        answer = await world.call(callback, mode="denied", topic=world.url, reason="no more room")

        assert answer.status_code == 200
        assert (world.callback().state, world.callback().error) == (WebSubState.DENIED, "no more room")
        assert world.feed().push.pushed_at is None
        await world.subscriber.run_once()
        assert len(world.hub.asked) == 1
        world.now += timedelta(days=1, minutes=1)
        await world.subscriber.run_once()
        assert len(world.hub.asked) == 2
        assert (await world.verified()).status_code == 200

    run(sqlite, story)


def test_a_hub_that_is_gone_is_asked_ever_more_seldom_and_the_feed_polled(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.poller.run_once()
        before = world.feed().poll.next_poll_at
        world.hub.close()
        tries = []

        for _minute in range(180):
            await world.subscriber.run_once()
            tries.append(world.callback().failures)
            world.now += MINUTE

        assert tries[-1] == 5  # at 0, 10, 30, 70 and 150 minutes
        assert world.callback().error
        assert world.feed().poll.next_poll_at == before

    run(sqlite, story)


def test_a_feed_that_leaves_is_unsubscribed(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        with world.database.write() as db:
            sync_feeds(db, [], world.now, timedelta(minutes=15))

        await world.subscriber.run_once()

        assert world.hub.asked[-1]["hub.mode"] == "unsubscribe"
        assert world.callback().state is WebSubState.LEAVING
        assert (await world.verified()).text == "c-1 <b>"
        with world.database.read() as db:
            assert list_websub_subscriptions(db) == ()

    run(sqlite, story)


def test_switched_off_nothing_is_subscribed_and_what_was_is_ended(sqlite: Database) -> None:
    async def story(world: World) -> None:
        world.active = False
        await world.poller.run_once()
        await world.subscriber.run_once()
        assert world.hub.asked == []
        world.active = True
        await world.subscribed()
        world.active = False

        await world.subscriber.run_once()

        assert world.hub.asked[-1]["hub.mode"] == "unsubscribe"

    run(sqlite, story)


def test_a_push_that_cannot_be_read_makes_us_poll(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()

        answer = await world.push(b"<html><body>our hub is being mended</body></html>")

        assert answer.status_code == 202
        assert world.feed().poll.next_poll_at == world.now

    run(sqlite, story)


def test_a_push_waits_for_the_poll_that_is_under_way(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        with world.database.write() as db:
            held = claim_due_feeds(db, world.now, limit=1, lease_for=3 * MINUTE, urls=(world.url,))
        pushing = asyncio.create_task(world.push(rss(("2", "Pushed"))))
        await asyncio.sleep(0.5)
        assert world.titles() == ["Old news"]

        with world.database.write() as db:
            release_feeds(db, held)

        assert (await pushing).status_code == 204
        assert world.titles() == ["Old news", "Pushed"]

    run(sqlite, story)


def test_another_hub_means_another_address_and_secret(sqlite: Database) -> None:
    async def story(world: World) -> None:
        await world.subscribed()
        before = world.callback()
        elsewhere = world.hub.url.replace("/hub", "/other")
        moved = world.fields["extra"].replace(world.hub.url, elsewhere)
        world.publisher.pages["/feed"] = Reply(rss(("1", "Old news"), ("2", "New"), extra=moved))
        world.now += HOUR
        await world.poller.run_once()

        await world.subscriber.run_once()

        after = world.callback()
        assert after.hub == elsewhere
        assert {before.token, before.secret}.isdisjoint({after.token, after.secret})
        assert replace(after, state=WebSubState.LIVE) != before

    run(sqlite, story)

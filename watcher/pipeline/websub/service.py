"""Keeps subscriptions at hubs (WebSub), answers what hubs ask, and ingests what they push as a poll would."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from watcher.errors import ParseError
from watcher.fetch import websub
from watcher.model.feed import Feed, Validators
from watcher.model.poll import Document, Modified
from watcher.model.websub import NewWebSubSubscription, WebSubState, WebSubSubscription
from watcher.pipeline.context import PipelineContext
from watcher.pipeline.feed_claims import claim_lease
from watcher.pipeline.feed_events import log_feed_events
from watcher.pipeline.fulltext import FulltextFetcher
from watcher.pipeline.ingest import ingest_polls
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.websub.machine import (
    Action,
    Delete,
    Event,
    ResumePolling,
    Subscribe,
    Update,
    decide,
    reconcile,
    request_timeout,
)
from watcher.pipeline.websub.signature import is_signed
from watcher.reading import ReaderClosedError
from watcher.schedule import collect_hints
from watcher.store.database import Db
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import load_feed
from watcher.store.websub.subscriptions import (
    add_websub_subscription,
    claim_websub_subscription,
    delete_websub_subscription,
    find_websub_subscription,
    list_due_websub_subscriptions,
    list_hubs_by_feed,
    list_websub_subscriptions,
    record_websub_error,
    schedule_feed_now,
    stop_push,
    update_websub_subscription,
)

log = structlog.get_logger()

MAX_LEASE = timedelta(days=90)
MAX_REQUESTS_PER_RUN = 20
MAX_CHALLENGE_LENGTH = 2_000
CLAIM_TRIES = 20
CLAIM_RETRY_DELAY = timedelta(milliseconds=250)
"""A push waits so often, and so long, for the poll of its feed that is under way."""
FULLTEXT_TIMEOUT = timedelta(seconds=8)
"""How long a hub waits for the articles of what it pushes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a hub's request."""

    status: int
    body: str = ""


class Subscriber:
    """The subscriber's side of WebSub, for the feeds whose documents name a hub.

    `public_url` returns our public address, None where there is none; `is_active` whether pushes are wanted at all.
    Both are called again for each use.
    """

    def __init__(
        self, context: PipelineContext, *, public_url: Callable[[], str | None], is_active: Callable[[], bool]
    ) -> None:
        self._context = context
        self._public_url = public_url
        self._is_active = is_active
        self._fulltext = FulltextFetcher(context.database, context.fetcher, context.clock, context.reader)

    @property
    def max_body_bytes(self) -> int:
        """Return how many bytes of a push are accepted."""
        return self._context.fetcher.policy.most_body

    async def run_once(self) -> None:
        """Subscribe where a hub is new, renew what ends soon, unsubscribe where a feed left. Called once a minute."""
        public_url = self._public_url()
        is_public = public_url is not None
        due = await asyncio.to_thread(self._reconcile, is_public and self._is_active(), is_public)
        if public_url is not None:
            await asyncio.gather(*(self._request(subscription, public_url) for subscription in due))

    async def verify(self, token: str, parameters: Mapping[str, str]) -> Reply:
        """Answer a hub that verifies a request of ours (WebSub 5.3), or denies one (5.2)."""
        return await asyncio.to_thread(self._verify, token, parameters)

    async def accept(self, token: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Ingest what a hub pushes; `headers` have lower-case names. 2xx once it is stored, or is not to be sent again.

        What is not signed as agreed is acknowledged and ignored (WebSub 7.1): a stranger learns nothing from it.
        """
        subscription = await asyncio.to_thread(self._find, token)
        if subscription is None or subscription.state is WebSubState.LEAVING:
            return Reply(410)
        if not is_signed(subscription.secret, headers.get("x-hub-signature", ""), body):
            log.warning("push ignored: not signed as agreed", feed=subscription.feed_url, hub=subscription.hub)
            return Reply(202)
        try:
            outcome = await self._read(subscription, headers, body)
        except ParseError as error:
            log.warning("push cannot be read: the feed is polled", feed=subscription.feed_url, error=str(error))
            await asyncio.to_thread(self._poll_now, subscription)
            return Reply(202)
        except ReaderClosedError:
            return Reply(503)  # the hub sends it again, when this watcher runs again
        result = await self._ingest_when_free(subscription, outcome)
        if result is None:
            await asyncio.to_thread(self._poll_now, subscription)
            return Reply(503)
        log_feed_events(result)
        self._context.on_ingested(result)
        return Reply(204)

    async def _read(self, subscription: WebSubSubscription, headers: Mapping[str, str], body: bytes) -> Modified:
        document = Document(
            url=subscription.topic,
            final_url=subscription.topic,
            status=200,
            headers=dict(headers),
            body=body,
            body_hash=hashlib.blake2b(body, digest_size=16).digest(),
            validators=Validators(),
            wire_bytes=len(body),
        )
        parsed = await self._context.reader.parse(document)
        outcome = Modified(document=document, parsed=parsed, hints=collect_hints({}, parsed), pushed=True)
        feed = await asyncio.to_thread(self._get_feed, subscription)
        if not feed.config.fulltext:
            return outcome
        return await self._fulltext.fetch_articles(feed, outcome, FULLTEXT_TIMEOUT)

    async def _ingest_when_free(self, subscription: WebSubSubscription, outcome: Modified) -> IngestResult | None:
        """Ingest a push, after the poll of its feed that may be under way; None where that takes too long."""
        for _try in range(CLAIM_TRIES):
            result = await asyncio.to_thread(self._ingest, subscription, outcome)
            if result is not None:
                return result
            await asyncio.sleep(CLAIM_RETRY_DELAY.total_seconds())
        return None

    async def _request(self, subscription: WebSubSubscription, public_url: str) -> None:
        """Ask a hub to push, or to push no more. What it agrees to it shows by calling back."""
        address = f"{public_url.rstrip('/')}/websub/{subscription.token}"
        is_leaving = subscription.state is WebSubState.LEAVING
        send = websub.unsubscribe if is_leaving else websub.subscribe
        refusal = await send(self._context.fetcher, subscription, address)
        if refusal is not None:
            log.warning("hub refuses", feed=subscription.feed_url, hub=subscription.hub, reason=refusal)
            await asyncio.to_thread(self._store_error, subscription, refusal)

    def _verify(self, token: str, parameters: Mapping[str, str]) -> Reply:
        now = self._context.clock()
        challenge = parameters.get("hub.challenge", "")
        with self._context.database.write() as db:
            subscription = find_websub_subscription(db, token)
            if subscription is None or subscription.topic != parameters.get("hub.topic"):
                return Reply(404)
            event = _get_event(parameters)
            if event is None or (event is not Event.DENIED and not challenge):
                return Reply(404)
            lease = _parse_lease(parameters.get("hub.lease_seconds", ""))
            reason = parameters.get("hub.reason") or "denied"
            actions = decide(subscription, event, now, lease=lease, reason=reason)
            if actions is None:
                return Reply(404)
            _execute(db, actions, now)
        if event is Event.DENIED:
            log.warning("hub denied", feed=subscription.feed_url, hub=subscription.hub, reason=reason[:200])
            return Reply(200)
        if event is Event.SUBSCRIBE_VERIFIED:
            log.info("hub will push", feed=subscription.feed_url, hub=subscription.hub, lease=str(lease))
        return Reply(200, challenge[:MAX_CHALLENGE_LENGTH])

    def _reconcile(self, is_active: bool, is_public: bool) -> tuple[WebSubSubscription, ...]:
        """Reconcile subscriptions with what the feeds want; claim and return those whose hub is to be asked."""
        now = self._context.clock()
        with self._context.database.write() as db:
            targets = list_hubs_by_feed(db) if is_active else {}
            _execute(db, reconcile(list_websub_subscriptions(db), targets, now, is_public=is_public), now)
            due = list_due_websub_subscriptions(db, now, MAX_REQUESTS_PER_RUN) if is_public else ()
            return tuple(
                subscription
                for subscription in due
                if claim_websub_subscription(db, subscription, now + request_timeout(subscription, now))
            )

    def _find(self, token: str) -> WebSubSubscription | None:
        with self._context.database.read() as db:
            return find_websub_subscription(db, token)

    def _get_feed(self, subscription: WebSubSubscription) -> Feed:
        with self._context.database.read() as db:
            return load_feed(db, subscription.feed_url)

    def _store_error(self, subscription: WebSubSubscription, error: str) -> None:
        with self._context.database.write() as db:
            record_websub_error(db, subscription, error)

    def _poll_now(self, subscription: WebSubSubscription) -> None:
        with self._context.database.write() as db:
            schedule_feed_now(db, subscription.feed_id, self._context.clock())

    def _ingest(self, subscription: WebSubSubscription, outcome: Modified) -> IngestResult | None:
        """Ingest a push in one transaction; None while the feed is being polled."""
        context, now = self._context, self._context.clock()
        with context.database.write() as db:
            claimed = claim_due_feeds(
                db,
                now,
                limit=1,
                lease_for=claim_lease(context.fetcher.policy),
                owner=context.owner,
                urls=(subscription.feed_url,),
            )
            if not claimed:
                return None
            [result] = ingest_polls(db, [(claimed[0], outcome)], context.ingest_rules(), now)
            return result


def _get_event(parameters: Mapping[str, str]) -> Event | None:
    """Return what a hub's request means by its `hub.mode`; None for a mode that hubs do not send."""
    events = {
        "subscribe": Event.SUBSCRIBE_VERIFIED,
        "unsubscribe": Event.UNSUBSCRIBE_VERIFIED,
        "denied": Event.DENIED,
    }
    return events.get(parameters.get("hub.mode", ""))


def _execute(db: Db, actions: Iterable[Action], now: datetime) -> None:
    for action in actions:
        match action:
            case Subscribe(feed_id=feed_id, target=(hub, topic)):
                token, secret = secrets.token_urlsafe(24), secrets.token_hex(32)
                new = NewWebSubSubscription(
                    feed_id=feed_id, token=token, secret=secret, hub=hub, topic=topic, next_try_at=now
                )
                add_websub_subscription(db, new)
            case Update(subscription=subscription):
                update_websub_subscription(db, subscription)
            case Delete(subscription=subscription):
                delete_websub_subscription(db, subscription)
            case ResumePolling(feed_id=feed_id):
                stop_push(db, feed_id, now)
            case _:
                assert_never(action)


def _parse_lease(text: str) -> timedelta:
    """Return a lease in seconds as a length, bounded; what we asked for where the hub names none."""
    seconds = int(text) if text.isdigit() and len(text) < 10 else 0
    return min(timedelta(seconds=seconds), MAX_LEASE) if seconds else websub.REQUESTED_LEASE

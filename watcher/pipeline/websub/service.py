"""What hubs push (WebSub): keeps the subscriptions, answers the hubs' questions, and settles news as a poll would."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from watcher.errors import ParseError
from watcher.fetch import Fetcher, websub
from watcher.match import TopicMatcher
from watcher.model.feed import Feed, Validators
from watcher.model.poll import Document, Modified
from watcher.model.websub import WebSubState, WebSubSubscription
from watcher.pipeline.feed_events import list_feed_events
from watcher.pipeline.fulltext import FulltextFetcher
from watcher.pipeline.ingest import IngestResult, ingest_polls
from watcher.pipeline.poller import LEASE
from watcher.reading import Reader, ReaderClosedError
from watcher.schedule import PollLimits, collect_hints
from watcher.store.database import Database, Db
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

PATIENCE = timedelta(minutes=10)
"""How long a hub may take to call back before it is asked again; doubled each time."""
LONGEST_WAIT = timedelta(days=1)
LONGEST_LEASE = timedelta(days=90)
RENEWED_AT = 0.8
AT_ONCE = 20
FAREWELLS = 3
"""How often a hub is asked to send no more; then its calls go nowhere anyway."""
TURNS = 20
TURN = timedelta(milliseconds=250)
"""A push waits so often, and so long, for the poll of its feed that is under way."""
FULL_WITHIN = timedelta(seconds=8)
"""How long a hub waits for the articles of what it pushes."""
_METHODS = {"sha1", "sha256", "sha384", "sha512"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a hub is answered."""

    status: int
    body: str = ""


class Subscriber:
    """The subscriber's side of WebSub, for the feeds whose documents name a hub.

    `base` gives our public address, None where there is none; what is subscribed is ended where `active` says no.
    """

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        watched: Callable[[], TopicMatcher],
        clock: Callable[[], datetime],
        *,
        bounds: Callable[[], PollLimits],
        base: Callable[[], str | None],
        active: Callable[[], bool],
        owner: str = "",
        reader: Reader | None = None,
        on_settled: Callable[[IngestResult], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._watched = watched
        self._clock = clock
        self._bounds = bounds
        self._base = base
        self._active = active
        self._owner = owner
        self._on_settled = on_settled
        self._jitter = jitter
        self._reader = reader or Reader()
        self._articles = FulltextFetcher(database, fetcher, clock, self._reader)

    @property
    def most_body(self) -> int:
        """Tell how many bytes of a push are taken."""
        return self._fetcher.policy.most_body

    async def care(self) -> None:
        """Subscribe where a hub is new, renew what ends soon, leave where a feed left. To be called once a minute."""
        base = self._base()
        due = await asyncio.to_thread(self._plan, base is not None and self._active(), base is not None)
        if base is not None:
            await asyncio.gather(*(self._ask(callback, base) for callback in due))

    def verify(self, token: str, asked: Mapping[str, str]) -> Reply:
        """Answer a hub that wants to know whether it was us who asked (WebSub, 5.3), or says no (5.2)."""
        now = self._clock()
        with self._database.write() as db:
            callback = find_websub_subscription(db, token)
            if callback is None or callback.topic != asked.get("hub.topic"):
                return Reply(404)
            mode, challenge = asked.get("hub.mode"), asked.get("hub.challenge", "")
            if mode == "denied":
                said = asked.get("hub.reason") or "denied"
                _lapse(db, callback, WebSubState.DENIED, now, next_try_at=now + LONGEST_WAIT, error=said)
                log.warning("hub denied", feed=callback.feed_url, hub=callback.hub, said=said[:200])
                return Reply(200)
            if not challenge:
                return Reply(404)
            if mode == "subscribe" and callback.state in {WebSubState.ASKED, WebSubState.LIVE}:
                lease = _lease(asked.get("hub.lease_seconds", ""))
                live = replace(callback, state=WebSubState.LIVE, expires_at=now + lease, failures=0, error="")
                update_websub_subscription(db, replace(live, next_try_at=now + lease * RENEWED_AT))
                log.info("hub will push", feed=callback.feed_url, hub=callback.hub, lease=str(lease))
            elif mode == "unsubscribe" and callback.state is WebSubState.LEAVING:
                delete_websub_subscription(db, callback)
            else:
                return Reply(404)
        return Reply(200, challenge[:2_000])

    async def accept(self, token: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Take what a hub pushes; `headers` have lower-case names. 2xx once it is stored, or is not to be sent again.

        What is not signed as agreed is acknowledged and ignored (WebSub, 7.1): a stranger learns nothing from it.
        """
        callback = await asyncio.to_thread(self._find, token)
        if callback is None or callback.state is WebSubState.LEAVING:
            return Reply(410)
        if not signed(callback.secret, headers.get("x-hub-signature", ""), body):
            log.warning("push ignored: not signed as agreed", feed=callback.feed_url, hub=callback.hub)
            return Reply(202)
        try:
            outcome = await self._outcome(callback, headers, body)
        except ParseError as error:
            log.warning("push cannot be read: the feed is polled", feed=callback.feed_url, error=str(error))
            await asyncio.to_thread(self._poll_now, callback)
            return Reply(202)
        except ReaderClosedError:
            return Reply(503)  # the hub sends it again, when this watcher runs again
        outcome = await self._full(callback, outcome)
        for _turn in range(TURNS):
            settled = await asyncio.to_thread(self._settle, callback, outcome)
            if settled is not None:
                for notice in list_feed_events(settled):
                    if notice.is_repeated:
                        continue
                    log.warning(notice.event, feed=callback.feed_url, said=notice.said)
                if self._on_settled is not None:
                    self._on_settled(settled)
                return Reply(204)
            await asyncio.sleep(TURN.total_seconds())
        await asyncio.to_thread(self._poll_now, callback)
        return Reply(503)

    async def _outcome(self, callback: WebSubSubscription, headers: Mapping[str, str], body: bytes) -> Modified:
        document = Document(
            url=callback.topic,
            final_url=callback.topic,
            status=200,
            headers=dict(headers),
            body=body,
            body_hash=hashlib.blake2b(body, digest_size=16).digest(),
            validators=Validators(),
            wire_bytes=len(body),
        )
        parsed = await self._reader.parse(document)
        return Modified(document=document, parsed=parsed, hints=collect_hints({}, parsed), pushed=True)

    async def _full(self, callback: WebSubSubscription, outcome: Modified) -> Modified:
        def feed_of() -> Feed:
            with self._database.read() as db:
                return load_feed(db, callback.feed_url)

        feed = await asyncio.to_thread(feed_of)
        return await self._articles.added(feed, outcome, FULL_WITHIN) if feed.config.fulltext else outcome

    def _plan(self, active: bool, public: bool) -> tuple[WebSubSubscription, ...]:
        """Bring the callbacks in line with what the feeds want, and take those whose hub is to be asked something."""
        now = self._clock()
        with self._database.write() as db:
            wanted = dict(list_hubs_by_feed(db)) if active else {}
            for callback in list_websub_subscriptions(db):
                place = wanted.get(callback.feed_id)
                leaving = callback.state is WebSubState.LEAVING
                if place == (callback.hub, callback.topic):
                    del wanted[callback.feed_id]
                    lapsed = callback.expires_at is not None and callback.expires_at <= now
                    again = callback.state is WebSubState.DENIED and callback.next_try_at <= now
                    if leaving or again or (callback.state is WebSubState.LIVE and lapsed):
                        _lapse(db, callback, WebSubState.ASKED, now, next_try_at=now)
                elif place is None and callback.state is WebSubState.LIVE and public:
                    _lapse(db, callback, WebSubState.LEAVING, now, next_try_at=now)
                elif place is not None or not leaving or not public or callback.failures >= FAREWELLS:
                    delete_websub_subscription(db, callback)
                    stop_push(db, callback.feed_id, now)
            for feed_id, (hub, topic) in wanted.items():
                token, secret = secrets.token_urlsafe(24), secrets.token_hex(32)
                new = WebSubSubscription(
                    feed_id=feed_id, token=token, secret=secret, hub=hub, topic=topic, next_try_at=now
                )
                add_websub_subscription(db, new)
            due = list_due_websub_subscriptions(db, now, AT_ONCE) if public else ()
            return tuple(each for each in due if claim_websub_subscription(db, each, now + _patience(each, now)))

    async def _ask(self, callback: WebSubSubscription, base: str) -> None:
        address = f"{base.rstrip('/')}/websub/{callback.token}"
        leaving = callback.state is WebSubState.LEAVING
        refusal = await (websub.unsubscribe if leaving else websub.subscribe)(self._fetcher, callback, address)
        if refusal is not None:
            log.warning("hub refuses", feed=callback.feed_url, hub=callback.hub, said=refusal)
            await asyncio.to_thread(self._note, callback, refusal)

    def _find(self, token: str) -> WebSubSubscription | None:
        with self._database.read() as db:
            return find_websub_subscription(db, token)

    def _note(self, callback: WebSubSubscription, said: str) -> None:
        with self._database.write() as db:
            record_websub_error(db, callback, said)

    def _poll_now(self, callback: WebSubSubscription) -> None:
        with self._database.write() as db:
            schedule_feed_now(db, callback.feed_id, self._clock())

    def _settle(self, callback: WebSubSubscription, outcome: Modified) -> IngestResult | None:
        """Settle a push in one transaction; None while the feed is being polled."""
        now = self._clock()
        with self._database.write() as db:
            claimed = claim_due_feeds(
                db,
                now,
                limit=1,
                lease_for=max(LEASE, 2 * self._fetcher.policy.total),
                owner=self._owner,
                urls=(callback.feed_url,),
            )
            if not claimed:
                return None
            [settled] = ingest_polls(db, [(claimed[0], outcome)], self._watched(), now, self._bounds(), self._jitter)
            return settled


def signed(secret: str, said: str, body: bytes) -> bool:
    """Tell whether a body is signed with a secret, as X-Hub-Signature says: `method=hex`."""
    method, _, signature = said.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    right = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(right.encode(), signature.strip().lower().encode("utf-8", "replace"))


def _lapse(
    db: Db, callback: WebSubSubscription, state: WebSubState, now: datetime, *, next_try_at: datetime, error: str = ""
) -> None:
    """Let a callback that pushed push no more: its feed is polled at its own rhythm."""
    update_websub_subscription(
        db, replace(callback, state=state, next_try_at=next_try_at, failures=0, error=error, expires_at=None)
    )
    stop_push(db, callback.feed_id, now)


def _lease(said: str) -> timedelta:
    seconds = int(said) if said.isdigit() and len(said) < 10 else 0
    return min(timedelta(seconds=seconds), LONGEST_LEASE) if seconds else websub.REQUESTED_LEASE


def _patience(callback: WebSubSubscription, now: datetime) -> timedelta:
    """Tell how long to wait for a hub to call back before it is asked again; a short lease leaves less time."""
    wait = min(PATIENCE * (1 << min(callback.failures, 10)), LONGEST_WAIT)
    if callback.state is WebSubState.LIVE and callback.expires_at is not None:
        return max(min(wait, (callback.expires_at - now) / 3), timedelta(minutes=1))
    return wait

"""What comes in: a due feed is fetched, read and settled. Everything that a poll brought lands in one transaction."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from watcher.errors import ParseError
from watcher.fetch import Fetcher
from watcher.identify import candidates, sort
from watcher.match import Watched
from watcher.model.entry import StoredEntry
from watcher.model.feed import Feed
from watcher.model.poll import Document, Failed, FailureKind, Fetched, Fresh, NotModified, Outcome, Sorted, Unchanged
from watcher.model.topic import Hit, Origin
from watcher.parse import parse
from watcher.pipeline.points import reached
from watcher.schedule import Bounds, after, hints
from watcher.store import entries, feeds, hits, stories
from watcher.store.engine import Database, Db

log = structlog.get_logger()

LEASE = timedelta(minutes=10)
"""How long a claimed feed stays with whoever claimed it, should they die."""
GROUP = 40
"""How many polls are settled in one transaction when many wait: each is still whole or not there at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a poll came to, once stored. `held` is false where the claim was lost meanwhile and nothing was stored."""

    before: Feed
    after: Feed
    outcome: Outcome
    seen: int = 0
    new: tuple[StoredEntry, ...] = ()
    edited: tuple[StoredEntry, ...] = ()
    hits: tuple[Hit, ...] = ()
    lost: int = 0
    held: bool = True


@dataclass(slots=True)
class Polled:
    """The sum of a cycle's polls."""

    due: int = 0
    fetched: int = 0
    unchanged: int = 0
    failed: int = 0
    seen: int = 0
    new: int = 0
    updated: int = 0
    hits: int = 0
    lost: int = 0
    failures: list[tuple[str, FailureKind, str]] = field(default_factory=list)

    def hear(self, journey: asyncio.Task[Settled | None]) -> None:
        """Add what a journey came to, once it is done."""
        if not journey.cancelled() and (settled := journey.result()) is not None:
            self.add(settled)

    def add(self, settled: Settled) -> None:
        match settled.outcome:
            case Fresh():
                self.fetched += 1
            case Unchanged():
                self.unchanged += 1
            case Failed(kind=kind, message=message):
                self.failed += 1
                self.failures.append((settled.before.source.url, kind, message))
        self.seen += settled.seen
        self.new += len(settled.new)
        self.updated += len(settled.edited)
        self.hits += len(settled.hits)
        self.lost += settled.lost


def read(feed: Feed, fetched: Fetched) -> Outcome:
    """Make of an answer what it means: a changed document is read, an unchanged body is not."""
    match fetched:
        case Failed():
            return fetched
        case NotModified():
            return Unchanged(
                by="304",
                validators=fetched.validators,
                hints=hints(fetched.headers, None),
                hops=fetched.hops,
                elapsed=fetched.elapsed,
            )
        case Document():
            if fetched.body_hash == feed.body_hash:
                return Unchanged(
                    by="hash",
                    validators=fetched.validators,
                    hints=hints(fetched.headers, None),
                    hops=fetched.hops,
                    elapsed=fetched.elapsed,
                )
            try:
                parsed = parse(fetched)
            except ParseError as error:
                kinds = {kind.value: kind for kind in FailureKind}
                return Failed(
                    kind=kinds.get(error.kind, FailureKind.PARSE),
                    message=str(error),
                    status=fetched.status,
                    hops=fetched.hops,
                    elapsed=fetched.elapsed,
                )
            return Fresh(document=fetched, parsed=parsed, hints=hints(fetched.headers, parsed))


def settle(
    db: Db, feed: Feed, outcome: Outcome, watched: Watched, now: datetime, bounds: Bounds, jitter: float
) -> Settled:
    """Keep what a poll brought: entries, their hits, their stories and the feed's next poll, in one transaction."""
    if not feeds.still_held(db, feed):
        return Settled(before=feed, after=feed, outcome=outcome, held=False)
    told: Sorted | None = None
    fresh: tuple[StoredEntry, ...] = ()
    edited: tuple[StoredEntry, ...] = ()
    found: tuple[Hit, ...] = ()
    seen = 0
    if isinstance(outcome, Fresh):
        offered = candidates(outcome.parsed, feed)
        told = sort(offered, feed, entries.memory(db, feed.id, offered), now)
        seen = len(offered)
        fresh = entries.add(db, told.new, now, baseline=feed.baseline_at is None)
        fresh += entries.add(db, told.quarantined, now, quarantined=True)
        edited = entries.edit(db, told.edited, now)
        entries.rename(db, feed.id, told.migrated)
        entries.still_listed(db, feed.id, [entry.key for entry in offered], now)
        found = keep_hits(db, fresh, watched, now) + keep_hits(db, edited, watched, now, Origin.EDIT)
    learnt = after(feed, outcome, told, now, bounds, jitter)
    feeds.put(db, learnt)
    lost = told.gap.lost if told is not None and told.gap is not None else 0
    settled = Settled(
        before=feed, after=learnt, outcome=outcome, seen=seen, new=fresh, edited=edited, hits=found, lost=lost
    )
    feeds.record(db, _history(settled, now))
    return settled


def keep_hits(
    db: Db, stored: Sequence[StoredEntry], watched: Watched, now: datetime, origin: Origin = Origin.LIVE
) -> tuple[Hit, ...]:
    """Match entries, store their hits, and put those with hits into stories."""
    found = hits.add(db, watched.hits(stored, now, origin))
    if found:
        homeless = stories.without_story(db, sorted({hit.entry_id for hit in found}))
        stories.join(db, [each for each in stored if each.id in homeless], now)
    return found


class Poller:
    """Polls what is due, many at a time; one thread writes.

    `watched` is asked anew at each settling, so that a reload counts from the next poll on. `on_settled` hears of every
    poll after it is stored. Use as an async context manager; leaving it waits for what is in flight.
    """

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        watched: Callable[[], Watched],
        clock: Callable[[], datetime],
        *,
        bounds: Callable[[], Bounds],
        concurrency: int = 64,
        owner: str = "",
        on_settled: Callable[[Settled], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._watched = watched
        self._clock = clock
        self._bounds = bounds
        self._concurrency = concurrency
        self._owner = owner
        self._on_settled = on_settled
        self._jitter = jitter
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="parser")
        self._waiting: list[tuple[Feed, Outcome, asyncio.Future[Settled]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._journeys: set[asyncio.Task[Settled | None]] = set()

    async def __aenter__(self) -> Poller:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.drain(None)
        self._writer.shutdown()
        self._readers.shutdown()

    @property
    def in_flight(self) -> int:
        """Count the polls that have begun and are not stored yet."""
        return len(self._journeys)

    async def cycle(
        self,
        *,
        urls: Iterable[str] | None = None,
        everything: bool = False,
        unconditional: bool = False,
    ) -> Polled:
        """Poll every feed that is due (or named, or all of them) once, and give the sum."""
        polled = Polled()
        started = self._clock()
        chosen = tuple(urls) if urls is not None else None
        while claimed := await self._claim(self._room, urls=chosen, everything=everything, before=started):
            polled.due += len(claimed)
            for feed in claimed:
                journey = self._start(feed, unconditional)
                journey.add_done_callback(polled.hear)
            while not self._room:
                await asyncio.wait(self._journeys, return_when=asyncio.FIRST_COMPLETED)
        while self._journeys:
            await asyncio.wait(self._journeys)
        return polled

    async def tick(self) -> int:
        """Start polling what is due, as much as there is room for, and do not wait; gives how many were started."""
        if not self._room:
            return 0
        claimed = await self._claim(self._room)
        for feed in claimed:
            self._start(feed, False)
        return len(claimed)

    async def drain(self, grace: timedelta | None) -> None:
        """Let what is in flight end within `grace` (None: however long it takes), then give back what did not."""
        journeys = set(self._journeys)
        if not journeys:
            return
        _done, late = await asyncio.wait(journeys, timeout=None if grace is None else grace.total_seconds())
        for journey in late:
            journey.cancel()
        if late:
            await asyncio.wait(late)

    @property
    def _room(self) -> int:
        return max(0, self._concurrency - len(self._journeys))

    async def _claim(
        self,
        limit: int,
        *,
        urls: tuple[str, ...] | None = None,
        everything: bool = False,
        before: datetime | None = None,
    ) -> tuple[Feed, ...]:
        def claim() -> tuple[Feed, ...]:
            with self._database.write() as db:
                return feeds.claim_due(
                    db,
                    self._clock(),
                    limit=limit,
                    lease_for=LEASE,
                    owner=self._owner,
                    urls=urls,
                    everything=everything,
                    polled_before=before,
                )

        return await asyncio.get_running_loop().run_in_executor(self._writer, claim)

    def _start(self, feed: Feed, unconditional: bool) -> asyncio.Task[Settled | None]:
        journey = asyncio.create_task(self._journey(feed, unconditional))
        self._journeys.add(journey)
        journey.add_done_callback(self._journeys.discard)
        return journey

    async def _journey(self, feed: Feed, unconditional: bool) -> Settled | None:
        """Take one feed all the way. The one bulkhead: a fault of ours in one feed's poll disturbs no other feed."""
        try:
            reached("claimed")
            fetched = await self._fetcher.feed(feed, unconditional=unconditional)
            reached("fetched")
            outcome = await self._read(feed, fetched)
            reached("read")
            settled = await self._settle(feed, outcome)
        except asyncio.CancelledError:
            await self._give_back(feed)
            raise
        except Exception as error:
            log.exception("poll failed", feed=feed.source.url)
            failed = Failed(kind=FailureKind.PARSE, message=f"internal fault: {type(error).__name__}")
            try:
                settled = await self._settle(feed, failed)
            except Exception:
                log.exception("poll could not be settled", feed=feed.source.url)
                return None
        if self._on_settled is not None:
            self._on_settled(settled)
        return settled

    async def _read(self, feed: Feed, fetched: Fetched) -> Outcome:
        changed = isinstance(fetched, Document) and fetched.body_hash != feed.body_hash
        if not changed:
            return read(feed, fetched)
        return await asyncio.get_running_loop().run_in_executor(self._readers, read, feed, fetched)

    async def _settle(self, feed: Feed, outcome: Outcome) -> Settled:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self._waiting.append((feed, outcome, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await asyncio.shield(future)

    async def _give_back(self, feed: Feed) -> None:
        def give_back() -> None:
            with self._database.write() as db:
                feeds.release(db, (feed,))

        await asyncio.get_running_loop().run_in_executor(self._writer, give_back)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            answers = await loop.run_in_executor(
                self._writer, self._settle_group, [(feed, outcome) for feed, outcome, _future in group]
            )
            for (_feed, _outcome, future), answer in zip(group, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Settled):
                    future.set_result(answer)
                else:
                    future.set_exception(answer)

    def _settle_group(self, group: Sequence[tuple[Feed, Outcome]]) -> Sequence[Settled | Exception]:
        """Settle several polls in one transaction; if one of them cannot be, each in its own."""
        try:
            with self._database.write() as db:
                settled = [self._settle_one(db, feed, outcome) for feed, outcome in group]
                reached("settled")
            reached("committed")
            return settled
        except Exception as error:  # noqa: BLE001  (handed to the journey that asked, which logs it)
            if len(group) == 1:
                return [error]
            return [self._settle_group([one])[0] for one in group]

    def _settle_one(self, db: Db, feed: Feed, outcome: Outcome) -> Settled:
        now = self._clock()
        return settle(db, feed, outcome, self._watched(), now, self._bounds(), self._jitter())


def _history(settled: Settled, now: datetime) -> feeds.Poll:
    poll = feeds.Poll(
        feed_id=settled.before.id,
        at=now,
        outcome="read",
        seen=settled.seen,
        new=len(settled.new),
        updated=len(settled.edited),
        hits=len(settled.hits),
        lost=settled.lost,
    )
    match settled.outcome:
        case Fresh(document=document, parsed=parsed):
            return replace(
                poll,
                status=document.status,
                wire_bytes=document.wire_bytes,
                elapsed=document.elapsed,
                message=parsed.degraded or "",
            )
        case Unchanged(by=by, elapsed=elapsed):
            return replace(poll, outcome="unchanged", status=304 if by == "304" else 200, elapsed=elapsed, message=by)
        case Failed(kind=kind, status=status, elapsed=elapsed, message=message):
            return replace(poll, outcome=kind.value, status=status, elapsed=elapsed, message=message)

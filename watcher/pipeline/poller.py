"""What comes in: a due feed is fetched, read and settled, many at a time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from watcher.errors import StorageError, StoreError
from watcher.fetch import Fetcher
from watcher.match import TopicMatcher
from watcher.model.feed import Feed, FeedConfig
from watcher.model.poll import Failed, FailureKind, FetchResult, Modified, PollOutcome
from watcher.pipeline.batch_writer import BatchWriter, Settling
from watcher.pipeline.checkpoints import reached
from watcher.pipeline.connectivity import ConnectivityMonitor
from watcher.pipeline.feed_events import list_feed_events
from watcher.pipeline.fulltext import FulltextFetcher
from watcher.pipeline.ingest import IngestResult, read_with_limits
from watcher.pipeline.poll_summary import PollSummary
from watcher.pipeline.privacy import UNCONFIGURED, conceal, reveal
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.reading import Reader, ReaderClosedError
from watcher.schedule import PollLimits, prepare_request
from watcher.store.database import Database
from watcher.store.feeds.leases import claim_due_feeds, release_feeds
from watcher.store.feeds.mapping import parse_host

log = structlog.get_logger()

LEASE = timedelta(minutes=3)
"""How long a claimed feed stays with whoever claimed it, should they die."""
PROBES = 2
"""How many feeds a tick asks while our own network is down."""


class Poller:
    """Polls what is due, many at a time; one thread writes.

    `watched` is asked anew at each settling, so that a reload counts from the next poll on. `on_settled` hears of every
    poll after it is stored, `on_answer` of every answer's host and headers. `configured` finds a feed in the
    configuration, which alone knows how it is asked for; without it feeds are asked as the database has them.

    Where the database has no room, or is away, no feed is to blame: what was read is kept for `keeps_for` and stored as
    soon as that is possible, and meanwhile nothing more is fetched. `storage` hears of it. Use as an async context
    manager; leaving it waits for what is in flight.
    """

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        watched: Callable[[], TopicMatcher],
        clock: Callable[[], datetime],
        *,
        bounds: Callable[[], PollLimits],
        concurrency: int = 64,
        owner: str = "",
        on_settled: Callable[[IngestResult], None] | None = None,
        on_answer: Callable[[str, Mapping[str, str]], None] | None = None,
        jitter: Callable[[], float] = random.random,
        configured: Callable[[str], FeedConfig | None] | None = None,
        storage: StorageMonitor | None = None,
        keeps_for: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._clock = clock
        self._concurrency = concurrency
        self._owner = owner
        self._on_settled = on_settled
        self._on_answer = on_answer
        self._configured = configured
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.reader = Reader()
        self._storage = storage or StorageMonitor()
        settling = Settling(watched=watched, clock=clock, bounds=bounds, jitter=jitter)
        self._settling = BatchWriter(database, self._writer, settling, self._storage, keeps_for)
        self._refused: StorageError | None = None
        self._unreleased: list[Feed] = []
        self._journeys: set[asyncio.Task[IngestResult | None]] = set()
        self._early: set[asyncio.Task[IngestResult | None]] = set()
        self._draining = False
        self._network = ConnectivityMonitor()
        self._away_since: datetime | None = None
        self._articles = FulltextFetcher(database, fetcher, clock, self.reader)
        # A host takes its feeds one after another: more than wait at its door would only keep others waiting.
        self._per_host = fetcher.policy.per_host + 2 if fetcher.policy.spacing else None
        self._busy: Counter[str] = Counter()

    async def __aenter__(self) -> Poller:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.drain(None)
        self.reader.close()
        await asyncio.to_thread(self._writer.shutdown)

    @property
    def in_flight(self) -> int:
        """Count the polls that have begun and are not stored yet."""
        return len(self._journeys)

    @property
    def is_stalled(self) -> bool:
        """Return whether polls wait for a database that cannot store them."""
        return self._settling.is_stalled

    @property
    def offline(self) -> bool:
        """Tell whether our own network is down, as far as is known."""
        return self._network.down(self._clock())

    async def cycle(
        self,
        *,
        urls: Iterable[str] | None = None,
        everything: bool = False,
        unconditional: bool = False,
    ) -> PollSummary:
        """Poll every feed that is due (or named, or all of them) once, and give the sum.

        Raises StorageError where the database could not store what came.
        """
        polled, self._refused = PollSummary(), None
        started = self._clock()
        chosen = tuple(urls) if urls is not None else None
        while True:
            # Looked at first: a host may get room while others are claimed.
            crowded = self._crowded
            claimed = await self._claim(self._room, urls=chosen, everything=everything, before=started)
            polled.due += len(claimed)
            for feed in claimed:
                journey = self._start(feed, unconditional)
                journey.add_done_callback(polled.hear)
            if (not claimed and not crowded) or self._refused is not None:
                break
            if self._crowded if not claimed else not self._room:
                await self._wait_for_room()
        while self._journeys:
            await asyncio.wait(self._journeys)
        if self._refused is not None:
            raise self._refused
        return polled

    async def tick(self) -> int:
        """Start polling what is due, as much as there is room for, and do not wait; gives how many were started.

        While our own network is down a few feeds are asked, to learn when it is back.
        """
        if self.is_stalled:
            return 0
        room = min(self._room, PROBES) if self.offline else self._room
        if not room:
            return 0
        claimed = await self._claim(room)
        for feed in claimed:
            self._start(feed, False)
        return len(claimed)

    async def keep_up(self, length: timedelta) -> None:
        """Start polling what is due, and more of it as polls end, for so long or until there is no more.

        Without this a daemon that begins with thousands of feeds would poll no more of them in a second than at once.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + length.total_seconds()
        while not self._draining:
            room = self._room
            started = await self.tick()
            left = end - loop.time()
            if started < room or self.offline or left <= 0:
                return
            await self._wait_for_room(left)

    async def take(self, claimed: Iterable[tuple[Feed, datetime]]) -> PollSummary:
        """Poll feeds that are claimed already, each at its moment and not before, and give the sum."""
        polled = PollSummary()
        journeys = [self._start(feed, False, begins_at=at) for feed, at in claimed]
        polled.due = len(journeys)
        for journey in journeys:
            journey.add_done_callback(polled.hear)
        if journeys:
            await asyncio.wait(journeys)
        return polled

    async def drain(self, grace: timedelta | None) -> None:
        """Let what is in flight end within `grace` (None: however long it takes), then give back what did not.

        With a grace, what is large or doubtful is not read any more: its feeds stay due.
        """
        self._draining = True
        self._settling.stop_waiting()
        if grace is not None:
            await asyncio.to_thread(self.reader.end_processes)
        for journey in self._early if grace is not None else ():
            journey.cancel()
        journeys = set(self._journeys)
        if not journeys:
            return
        _done, late = await asyncio.wait(journeys, timeout=None if grace is None else grace.total_seconds())
        for journey in late:
            journey.cancel()
        if late:
            await asyncio.wait(late)

    async def _wait_for_room(self, longest: float | None = None) -> None:
        """Wait for one poll to end, and a moment for more of them: each claim is a transaction, however small."""
        if self._journeys:
            await asyncio.wait(self._journeys, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        if self._room < self._concurrency // 4:
            await asyncio.sleep(0.02)

    @property
    def _room(self) -> int:
        # Half as many again as are fetched at once: those who wait to be settled keep nobody from fetching.
        return max(0, self._concurrency + self._concurrency // 2 - len(self._journeys))

    @property
    def _crowded(self) -> bool:
        """Tell whether a host has as many feeds in flight as it may: more of them may be due."""
        return self._per_host is not None and any(count >= self._per_host for count in self._busy.values())

    async def _claim(
        self,
        limit: int,
        *,
        urls: tuple[str, ...] | None = None,
        everything: bool = False,
        before: datetime | None = None,
    ) -> tuple[Feed, ...]:
        busy, unreleased = dict(self._busy), tuple(self._unreleased)

        def claim() -> tuple[Feed, ...]:
            with self._database.write(lasting=False) as db:
                release_feeds(db, unreleased)
                return claim_due_feeds(
                    db,
                    self._clock(),
                    limit=limit,
                    lease_for=max(LEASE, 2 * self._fetcher.policy.total),
                    owner=self._owner,
                    urls=urls,
                    everything=everything,
                    polled_before=before,
                    busy=busy,
                    per_host=self._per_host,
                )

        claimed = await asyncio.get_running_loop().run_in_executor(self._writer, claim)
        del self._unreleased[: len(unreleased)]
        return claimed

    def _start(
        self, feed: Feed, unconditional: bool, *, begins_at: datetime | None = None
    ) -> asyncio.Task[IngestResult | None]:
        host = parse_host(feed.fetch_url)
        journey = asyncio.create_task(self._journey(feed, host, unconditional, begins_at))
        self._journeys.add(journey)
        self._busy[host] += 1
        if begins_at is not None:
            self._early.add(journey)
        journey.add_done_callback(lambda done: self._ended(done, host))
        return journey

    def _ended(self, journey: asyncio.Task[IngestResult | None], host: str) -> None:
        self._journeys.discard(journey)
        self._early.discard(journey)
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]

    async def _journey(
        self, feed: Feed, host: str, unconditional: bool, begins_at: datetime | None
    ) -> IngestResult | None:
        """Take one feed all the way. The one bulkhead: a fault of ours in one feed's poll disturbs no other feed."""
        try:
            if begins_at is not None:
                await asyncio.sleep(max(0.0, (begins_at - self._clock()).total_seconds()))
                self._early.discard(asyncio.current_task())
            reached("claimed")
            feed = prepare_request(feed, self._clock())
            source = feed.config if self._configured is None else self._configured(feed.config.url)
            if source is None and feed.config.private:
                # Another process was configured later than this one: only what is configured may be asked for so.
                fetched: FetchResult = Failed(kind=FailureKind.REFUSED, message=UNCONFIGURED)
            else:
                source = source or feed.config
                fetched = await self._fetcher.feed(reveal(feed, source), unconditional=unconditional)
                if self._on_answer is not None and not isinstance(fetched, Failed):
                    self._on_answer(host, fetched.headers)
                fetched = self._network.judged(host, fetched, self._clock())
            self.find_network_away()
            reached("fetched")
            outcome = await self._read(feed, fetched, source or feed.config)
            reached("read")
            settled = await self._settling.settle(feed, outcome)
        except asyncio.CancelledError:
            await self._give_back(feed)
            raise
        except ReaderClosedError:
            await self._give_back(feed)
            return None
        except StorageError as error:
            await self._refuse(feed, error)
            return None
        except Exception as error:
            log.exception("poll failed", feed=feed.config.url)
            failed = Failed(kind=FailureKind.PARSE, message=f"internal fault: {type(error).__name__}")
            try:
                settled = await self._settling.settle(feed, failed)
            except StorageError as refusal:
                await self._refuse(feed, refusal)
                return None
            except Exception:
                log.exception("poll could not be settled", feed=feed.config.url)
                return None
        for notice in list_feed_events(settled) if settled.held else ():
            if notice.is_repeated:
                continue
            log.warning(notice.event, feed=feed.config.url, said=notice.said)
        if self._on_settled is not None:
            self._on_settled(settled)
        return settled

    def find_network_away(self) -> datetime | None:
        """Return since when our own network is away, None while it is there; logs each change once."""
        before, self._away_since = self._away_since, self._network.away_since(self._clock())
        if self._away_since is not None and before is None:
            log.error("our own network is away", since=f"{self._away_since:%Y-%m-%d %H:%M:%S} UTC")
        elif self._away_since is None and before is not None:
            log.warning("our own network is back", away_since=f"{before:%Y-%m-%d %H:%M:%S} UTC")
        return self._away_since

    async def _read(self, feed: Feed, fetched: FetchResult, source: FeedConfig) -> PollOutcome:
        outcome = conceal(await read_with_limits(feed, fetched, self.reader), source)
        if isinstance(outcome, Modified) and feed.config.fulltext:
            return await self._articles.added(feed, outcome, access=source.access)
        return outcome

    async def _give_back(self, feed: Feed) -> None:
        """Free a feed that was not polled, so that it is due; where that cannot be stored, with the next claim."""

        def give_back() -> None:
            with self._database.write(lasting=False) as db:
                release_feeds(db, (feed,))

        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, give_back)
        except StoreError as error:
            log.debug("feed could not be given back", feed=feed.config.url, error=str(error))
            self._unreleased.append(feed)

    async def _refuse(self, feed: Feed, error: StorageError) -> None:
        """Let a poll that the database could not store be as if it had not been: the feed is not to blame."""
        self._storage.fail("poll", error)
        self._refused = error
        await self._give_back(feed)

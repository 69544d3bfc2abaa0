"""Polls for scheduling: a feed, and the outcomes that a poll may come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.feed_builder import build_feed
from watcher.model.entry import Entry, Item
from watcher.model.feed import Feed, FeedConfig, Validators
from watcher.model.poll import (
    Document,
    EntryDiff,
    Failed,
    FailureKind,
    Modified,
    ParsedFeed,
    PollingHints,
    PollOutcome,
    Redirect,
    Unchanged,
)
from watcher.schedule import PollLimits, PollTerms, plan_next_poll

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://post.example/rss"
ETAG = Validators(etag='W/"1"', last_modified="Wed, 04 Mar 2026 11:00:00 GMT", url=URL)


def feed(**facts: object) -> Feed:
    """Give a feed that has been polled well for long."""
    usual: dict[str, object] = {
        "id": 1,
        "config": FeedConfig(url=URL),
        "fetch_url": URL,
        "next_poll_at": NOON,
        "interval": 30 * MINUTE,
        "polled_at": NOON - HOUR,
        "succeeded_at": NOON - HOUR,
        "read_at": NOON - HOUR,
        "new_at": NOON - HOUR,
        "baseline_at": NOON - 30 * DAY,
        "publish_interval": HOUR,
        "body_hash": b"old",
        "validators": ETAG,
        "keys": frozenset({"a"}),
    }
    return build_feed(URL, **(usual | facts))


def fresh(
    *ages: timedelta, hops: tuple[tuple[int, str], ...] = (), hints: PollingHints | None = None, **facts: object
) -> Modified:
    """Give a document whose items were published so long before NOON."""
    items = tuple(Item(title=f"t{n}", published_at=NOON - age) for n, age in enumerate(ages))
    document = Document(
        url=URL,
        final_url=URL,
        status=200,
        headers={},
        body=b"new",
        body_hash=b"new",
        validators=Validators(etag='"2"'),
        hops=redirects(*hops),
    )
    return Modified(document=document, parsed=ParsedFeed(items=items, **facts), hints=hints or PollingHints())  # type: ignore[arg-type]


def unchanged(by: str = "304", validators: Validators = ETAG, hops: tuple[tuple[int, str], ...] = ()) -> Unchanged:
    return Unchanged(by=by, validators=validators, hops=redirects(*hops))


def failed(
    kind: FailureKind = FailureKind.TIMEOUT, retry_after: timedelta | None = None, status: int | None = None
) -> Failed:
    answered = 429 if kind is FailureKind.RATE_LIMITED else status
    return Failed(kind=kind, message=f"it was {kind.value}", status=answered, retry_after=retry_after)


def redirects(*hops: tuple[int, str]) -> tuple[Redirect, ...]:
    return tuple(Redirect(status=status, url=url) for status, url in hops)


def told(new: int = 0, same: int = 0, **facts: object) -> EntryDiff:
    """Give what a document of so many new and known entries is sorted into."""
    entries = tuple(
        Entry(feed_id=1, key=str(n), canonical_url=None, content_hash=b"", item=Item(), source="", feed_url=URL)
        for n in range(new)
    )
    return EntryDiff(new=entries, same=same, document_keys=frozenset({"b"}), **facts)  # type: ignore[arg-type]


def polled(
    watched: Feed,
    outcome: PollOutcome,
    sorted_: EntryDiff | None = None,
    *,
    now: datetime = NOON,
    bounds: PollLimits | None = None,
    jitter: float = 0.0,
) -> Feed:
    return plan_next_poll(watched, outcome, sorted_, PollTerms(now=now, limits=bounds or PollLimits(), jitter=jitter))

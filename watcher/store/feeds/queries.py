"""Feeds and the memory of polling them, and the history of polls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, or_, select

from watcher.errors import NotFoundError
from watcher.model.feed import Feed, FeedState, FeedSummary
from watcher.store.database import Db
from watcher.store.feeds.mapping import (
    read_feed_row,
)
from watcher.store.tables import feeds
from watcher.text.redact import redact_url

_SUMMARY: Select[Any] = select(
    feeds.c.state,
    feeds.c.next_poll_at,
    feeds.c.polled_at,
    feeds.c.succeeded_at,
    feeds.c.failures,
    feeds.c.failing_since,
    feeds.c.error_kind,
    feeds.c.rhythm,
    feeds.c.new_at,
    feeds.c.baseline_at,
    feeds.c.gaps,
    feeds.c.lost,
    feeds.c.merged,
    feeds.c.recovered,
    feeds.c.left_out,
    or_(feeds.c.left_unmarked > 0, feeds.c.left_marks.is_not(None)).label("is_incomplete"),
).where(feeds.c.configured)
_NAMED_SUMMARY = _SUMMARY.add_columns(feeds.c.id, feeds.c.name).order_by(feeds.c.name, feeds.c.id)


class SummarizedFeed(NamedTuple):
    """A configured feed by its id and name, and its summary."""

    id: int
    name: str
    summary: FeedSummary


def load_feed(db: Db, url: str) -> Feed:
    """Read one feed by its configured address; raises NotFoundError."""
    row = db.execute(select(feeds).where(feeds.c.url == url)).first()
    if row is None:
        raise NotFoundError("feed", redact_url(url))
    return read_feed_row(row)


def load_feeds(db: Db) -> tuple[Feed, ...]:
    """Read every feed of the configuration, by name."""
    rows = db.execute(select(feeds).where(feeds.c.configured).order_by(feeds.c.name, feeds.c.id))
    return tuple(read_feed_row(row) for row in rows)


def load_feed_summaries(db: Db) -> tuple[FeedSummary, ...]:
    """Return the summaries of all configured feeds, in no order: what health and the status page need of them."""
    return tuple(_read_summary(row) for row in db.execute(_SUMMARY).all())


def load_summarized_feeds(db: Db) -> tuple[SummarizedFeed, ...]:
    """Return all configured feeds with their summaries, by name: the rest of their rows, which is long, is not read."""
    return tuple(SummarizedFeed(row.id, row.name, _read_summary(row)) for row in db.execute(_NAMED_SUMMARY).all())


def count_entries_by_feed(db: Db) -> Mapping[int, int]:
    """Return how many entries of each feed are stored, by feed id."""
    return {row[0]: row[1] for row in db.execute(select(feeds.c.id, feeds.c.entries))}


def _read_summary(row: Row[Any]) -> FeedSummary:
    return FeedSummary(
        state=FeedState(row.state),
        next_poll_at=row.next_poll_at,
        polled_at=row.polled_at,
        succeeded_at=row.succeeded_at,
        failures=row.failures,
        failing_since=row.failing_since,
        error_kind=row.error_kind,
        publish_interval=row.rhythm,
        new_at=row.new_at,
        baseline_at=row.baseline_at,
        gaps=row.gaps,
        lost=row.lost,
        merged=row.merged,
        recovered=row.recovered,
        left_out=row.left_out,
        is_incomplete=bool(row.is_incomplete),
    )

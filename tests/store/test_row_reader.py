"""Many rows of feeds are read as single ones are, whatever their columns hold."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.feed_builder import NOON
from watcher.model.feed import Budget, Feed, FeedConfig, FeedState, LegacyKeyRule
from watcher.store.database import Database
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.mapping import format_feed_config, read_feed_row
from watcher.store.feeds.row_reader import read_feed_rows
from watcher.store.tables import feeds

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 10**15).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds))
LENGTHS = st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds))
CONFIGS = st.builds(
    FeedConfig,
    url=st.just("https://post.example/rss"),
    title=st.text(max_size=9),
    tags=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    language=st.none() | st.just("de"),
    interval=st.none() | LENGTHS,
    enabled=st.booleans(),
    fulltext=st.booleans(),
    weight=st.sampled_from([0.5, 1.0]),
    private=st.booleans(),
    budget=st.none() | st.builds(Budget, entries=st.integers(1, 9), versions=st.integers(1, 9)),
)
MARKS = st.none() | st.lists(st.binary(min_size=8, max_size=8), max_size=4).map(b"".join)
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "source": CONFIGS.map(format_feed_config),
    "state": st.sampled_from([state.value for state in FeedState]),
    "key_rule": st.sampled_from([rule.value for rule in LegacyKeyRule]),
    "document_keys": st.lists(st.text("0123456789abcdef", min_size=8, max_size=8), max_size=4).map(" ".join),
    "item_marks": MARKS,
    "left_marks": MARKS,
    "baseline_marks": MARKS,
}


@given(CONFIGS)
def test_a_configuration_is_written_as_its_fields_that_differ_from_a_feed_with_nothing(config: FeedConfig) -> None:
    usual = asdict(FeedConfig(url=""))
    written = {name: value for name, value in asdict(config).items() if value != usual[name] and name != "url"}
    if config.interval is not None:
        written["interval"] = config.interval.total_seconds()

    assert format_feed_config(config) == json.dumps(written, ensure_ascii=False, sort_keys=True)


def column_values(column: Any) -> st.SearchStrategy[Any]:
    """Return what a column may hold, as the store reads it."""
    if column.name in SPECIAL:
        return SPECIAL[column.name]
    kinds = {"Moment": MOMENTS, "Length": LENGTHS, "Boolean": st.booleans(), "LargeBinary": st.binary(max_size=9)}
    numbers = {"Integer": st.integers(0, 9), "BigInteger": st.integers(0, 9)}
    values = (kinds | numbers).get(type(column.type).__name__, st.text(max_size=9))
    return st.none() | values if column.nullable else values


ROWS = st.tuples(*(column_values(column) for column in feeds.c))


@given(st.lists(ROWS, max_size=3))
def test_rows_are_read_as_single_ones_are(rows: list[tuple[Any, ...]]) -> None:
    plain: Any = read_feed_row

    together = read_feed_rows(rows)

    assert together == tuple(plain(row) for row in rows)
    assert [repr(feed) for feed in together] == [repr(plain(row)) for row in rows]


def parts_of(feed: Feed) -> list[Any]:
    return [feed, feed.config, feed.poll, feed.poll.validators, feed.stats, feed.document, feed.budget_use, feed.push]


@given(ROWS)
def test_what_is_read_is_as_frozen_as_what_is_constructed(row: tuple[Any, ...]) -> None:
    [feed] = read_feed_rows([row])

    for part in parts_of(feed):
        name = fields(part)[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(part, name, None)
        assert hash(part) == hash(replace(part))
        assert not hasattr(part, "__dict__")


def test_a_claim_reads_feeds_as_they_are_stored(database: Database) -> None:
    sources = [
        FeedConfig(url="https://post.example/rss"),
        FeedConfig(url="https://herald.example/rss", title="Herald", tags=("a", "b"), interval=timedelta(hours=2)),
        FeedConfig(url="https://gazette.example/rss", budget=Budget(entries=7), weight=0.5, fulltext=True),
    ]
    with database.write() as db:
        sync_feeds(db, sources, NOON, timedelta(minutes=15))
        claimed = claim_due_feeds(db, NOON, limit=9, lease_for=timedelta(minutes=1), owner="a")
        stored = {row.id: read_feed_row(row) for row in db.execute(select(feeds))}

    assert {feed.id: feed for feed in claimed} == stored
    assert {feed.config for feed in claimed} == set(sources)
    assert {feed.host for feed in claimed} == {"post.example", "herald.example", "gazette.example"}
    assert all(feed.poll.next_poll_at.tzinfo is UTC for feed in claimed)

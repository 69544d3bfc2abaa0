"""Feeds and their polls as JSON: apart from the rest, so that lists of feeds begin soon."""

from __future__ import annotations

from datetime import datetime

from watcher.contract.feeds import Feed, Poll, encode_feed
from watcher.contract.timestamps import format_timestamp
from watcher.model.feed import PollableFeed
from watcher.schedule import get_feed_health
from watcher.store.feeds.poll_history import PollRecord
from watcher.text.redact import redact_text


def encode_watched_feed(feed: PollableFeed, now: datetime, entries: int) -> Feed:
    """Return a feed with its health at `now`."""
    return encode_feed(feed, health=str(get_feed_health(feed.summary, now)), entries=entries)


def encode_poll(poll: PollRecord) -> Poll:
    """Return one poll of a feed's history."""
    return {
        "at": format_timestamp(poll.at),
        "outcome": poll.outcome,
        "status": poll.status,
        "bytes": poll.wire_bytes,
        "seen": poll.seen,
        "new": poll.new,
        "updated": poll.updated,
        "hits": poll.hits,
        "lost": poll.lost,
        "left_out": poll.left_out,
        "merged": poll.merged,
        "recovered": poll.recovered,
        "seconds": round(poll.elapsed.total_seconds(), 3),
        "message": redact_text(poll.message),
    }

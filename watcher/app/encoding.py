"""JSON of what store and pipeline return: polls, composed digests, channels, the sums of a cycle.

What the pure packages hold is encoded in `contract`; its models describe both.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from watcher.contract.deliveries import Channel, encode_channel
from watcher.contract.digests import ComposedDigest, Unsubscription, encode_coverage
from watcher.contract.feeds import Feed, Poll, encode_feed
from watcher.contract.polls import PollCycle
from watcher.contract.timestamps import format_timestamp
from watcher.model import digest as model
from watcher.model.feed import PollableFeed
from watcher.schedule import get_feed_health
from watcher.store.digests.queries import StoredDigest
from watcher.store.feeds.poll_history import PollRecord
from watcher.text.redact import redact_text

if TYPE_CHECKING:
    from watcher.pipeline.poll_summary import PollSummary
    from watcher.store.outbox.blocked_channels import BlockedChannel


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


def encode_poll_cycle(polled: PollSummary) -> PollCycle:
    """Return the sums of a cycle of polls."""
    return {
        "feeds": {
            "due": polled.due,
            "fetched": polled.fetched,
            "unchanged": polled.unchanged,
            "failed": polled.failed,
        },
        "entries": {"seen": polled.seen, "new": polled.new, "updated": polled.updated},
        "hits": polled.hits,
        "lost": polled.lost,
        "left_out": polled.left_out,
        "merged": polled.merged,
        "recovered": polled.recovered,
        "failures": [{"feed": url, "kind": kind.value, "message": message} for url, kind, message in polled.failures],
    }


def encode_composed_digest(digest: StoredDigest) -> ComposedDigest:
    """Return a digest as it was composed, without its text."""
    return {
        "id": digest.id,
        "name": digest.name,
        "title": digest.title,
        "slot_at": format_timestamp(digest.slot_at),
        "window": [format_timestamp(digest.window[0]), format_timestamp(digest.window[1])],
        "composed_at": format_timestamp(digest.composed_at),
        "hits": digest.hits,
        "stories": digest.stories,
        "sent": digest.sent,
        "coverage": encode_coverage(digest.coverage),
    }


def encode_unsubscription(unsubscription: model.Unsubscription, at: datetime) -> Unsubscription:
    """Return who unsubscribed, and when."""
    return {"channel": unsubscription.channel, "recipient": unsubscription.recipient, "at": format_timestamp(at)}


def encode_configured_channel(channel: model.Channel, blocked: BlockedChannel | None) -> Channel:
    """Return a channel as configured, and since when and why its other side refuses it."""
    if blocked is None:
        return encode_channel(channel, None)
    return encode_channel(channel, {"since": format_timestamp(blocked.since), "reason": blocked.reason})

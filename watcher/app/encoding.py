"""JSON of what store and pipeline return: composed digests, the sums of a cycle.

What the pure packages hold is encoded in `contract`; its models describe both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.contract.digests import ComposedDigest, encode_coverage
from watcher.contract.polls import PollCycle
from watcher.contract.timestamps import format_timestamp
from watcher.store.digests.queries import StoredDigest

if TYPE_CHECKING:
    from watcher.pipeline.poll_summary import PollSummary


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

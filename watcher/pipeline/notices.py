"""Says what a poll came to that nobody may overlook: in the feed's history, and as an event in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.model.feed import FeedState
from watcher.model.poll import Failed, FailureKind, Fresh, Unchanged
from watcher.store.feeds import Poll

if TYPE_CHECKING:
    from watcher.pipeline.settling import Settled


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a feed; `event` names it for machines, `said` tells it to people."""

    event: str
    said: str


def notices(settled: Settled) -> Iterator[Notice]:
    """Tell what changed about a feed with this poll."""
    before, after = settled.before, settled.after
    if after.fetch_url != before.fetch_url:
        home = after.fetch_url == after.source.url
        said = "fetched from its configured address again" if home else f"moved permanently to {after.fetch_url}"
        yield Notice("feed moved", said)
    elif after.move is not None and after.move.sightings and (before.move is None or before.move.url != after.move.url):
        yield Notice(
            "feed may be moving", f"redirects to {after.move.url}, followed for good once it has held for days"
        )
    if after.state is not before.state:
        if after.state is FeedState.GONE:
            yield Notice(
                "feed gone", "gone for good (HTTP 410 for days): no longer asked; `watcher feeds resume` asks again"
            )
        elif after.state is FeedState.BLOCKED:
            yield Notice("feed blocked", "refused again and again: asked once a day from now on")
        elif before.state in {FeedState.GONE, FeedState.BLOCKED} and after.state is FeedState.ACTIVE:
            yield Notice("feed back", "answers again")
    if before.pushed_at is not None and after.pushed_at is None:
        yield Notice("push missed", "has news that its hub did not push: polled at its own rhythm again")
    if settled.lost:
        yield Notice("poll gap", f"shares nothing with the last document: about {settled.lost} may have been missed")
    if settled.quarantined:
        yield Notice("old items quarantined", f"{settled.quarantined} old items under new numbers: kept, not alerted")
    if after.key_rule is not before.key_rule:
        yield Notice("guids not trusted", f"guids proved unreliable: items count by {after.key_rule.value} from now on")
    if isinstance(settled.outcome, Fresh) and (left_out := settled.outcome.parsed.truncated_items):
        yield Notice("items left out", f"{left_out:,} more items than are read of one document")


def history(settled: Settled, now: datetime) -> Poll:
    """Give a poll as the feed's history keeps it."""
    said = "; ".join(notice.said for notice in notices(settled))
    poll = Poll(
        feed_id=settled.before.id,
        at=now,
        outcome="read",
        seen=settled.seen,
        new=len(settled.new),
        updated=len(settled.edited),
        hits=len(settled.hits),
        lost=settled.lost,
        message=said,
    )
    match settled.outcome:
        case Fresh(document=document, parsed=parsed, pushed=pushed, note=note):
            return replace(
                poll,
                status=document.status,
                wire_bytes=document.wire_bytes,
                elapsed=document.elapsed,
                outcome=FailureKind.PARSE.value if parsed.stopped else poll.outcome,
                message=_joined(
                    "pushed by its hub" if pushed else "", parsed.stopped or "", parsed.degraded or "", note, said
                ),
            )
        case Unchanged(by=by, elapsed=elapsed):
            status = 304 if by == "304" else 200
            return replace(poll, outcome="unchanged", status=status, elapsed=elapsed, message=_joined(by, said))
        case Failed(kind=kind, status=answered, elapsed=elapsed, message=message):
            return replace(poll, outcome=kind.value, status=answered, elapsed=elapsed, message=_joined(message, said))


def _joined(*said: str) -> str:
    return "; ".join(part for part in said if part)

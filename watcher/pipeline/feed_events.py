"""Says what a poll came to that nobody may overlook: in the feed's history, and as an event in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.identify import has_unstable_ids
from watcher.model.feed import FeedState
from watcher.model.poll import Failed, FailureKind, Modified, Unchanged
from watcher.store.feeds.queries import PollRecord

if TYPE_CHECKING:
    from watcher.pipeline.ingest import IngestResult


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """Something that happened to a feed; `event` names it for machines, `said` tells it to people.

    `is_repeated` says that the log has it from an earlier poll of the day.
    """

    event: str
    said: str
    is_repeated: bool = False


def list_feed_events(settled: IngestResult) -> Iterator[FeedEvent]:
    """Tell what changed about a feed with this poll."""
    before, after = settled.before, settled.after
    if settled.continues:
        yield FeedEvent("feed continued", f"goes on from {settled.continues}: what is known of that stays known")
    if after.fetch_url != before.fetch_url:
        home = after.fetch_url == after.config.url
        said = "fetched from its configured address again" if home else f"moved permanently to {after.fetch_url}"
        yield FeedEvent("feed moved", said)
    elif (
        after.poll.move is not None
        and after.poll.move.sightings
        and (before.poll.move is None or before.poll.move.url != after.poll.move.url)
    ):
        yield FeedEvent(
            "feed may be moving", f"redirects to {after.poll.move.url}, followed for good once it has held for days"
        )
    if after.state is not before.state:
        if after.state is FeedState.GONE:
            yield FeedEvent(
                "feed gone", "gone for good (HTTP 410 for days): no longer asked; `watcher feeds resume` asks again"
            )
        elif after.state is FeedState.BLOCKED:
            yield FeedEvent("feed blocked", "refused again and again: asked once a day from now on")
        elif before.state in {FeedState.GONE, FeedState.BLOCKED} and after.state is FeedState.ACTIVE:
            yield FeedEvent("feed back", "answers again")
    if before.push.pushed_at is not None and after.push.pushed_at is None:
        yield FeedEvent("push missed", "has news that its hub did not push: polled at its own rhythm again")
    if settled.lost:
        yield FeedEvent("poll gap", f"shares nothing with the last document: about {settled.lost} may have been missed")
    if settled.quarantined:
        yield FeedEvent(
            "old items quarantined", f"{settled.quarantined} old items under new numbers: kept, not alerted"
        )
    if not has_unstable_ids(before) and has_unstable_ids(after):
        yield FeedEvent(
            "ids not trusted",
            "unchanged items came under new ids twice: an item with an unknown id counts as known where headline and "
            "address agree",
        )
    if settled.left_out:
        again = bool(before.document.left_marks) and before.budget_use.day == after.budget_use.day
        yield FeedEvent("items left out", _left_out(settled), is_repeated=again)


def to_poll_record(settled: IngestResult, now: datetime) -> PollRecord:
    """Give a poll as the feed's history keeps it."""
    said = "; ".join(notice.said for notice in list_feed_events(settled))
    poll = PollRecord(
        feed_id=settled.before.id,
        at=now,
        outcome="read",
        seen=settled.seen,
        new=len(settled.new),
        updated=len(settled.edited),
        hits=len(settled.hits),
        lost=settled.lost,
        merged=settled.merged,
        left_out=settled.left_out,
        recovered=settled.recovered,
        message=said,
    )
    match settled.outcome:
        case Modified(document=document, parsed=parsed, pushed=pushed, note=note):
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


def _left_out(settled: IngestResult) -> str:
    """Say how many items were left out, and when they are read: what one document holds beyond the bound, soon."""
    count = settled.left_out
    items = "item" if count == 1 else "items"
    parsed = settled.outcome.parsed if isinstance(settled.outcome, Modified) else None
    if parsed is not None and len(parsed.unread_marks) >= len(settled.after.document.left_marks):
        soon = ": the next polls read on" if settled.after.poll.body_hash is None else ""
        return f"{count:,} more {items} than are read of one document{soon}"
    return f"{count:,} {items} not stored, beyond the daily budget: what is still served is stored tomorrow"


def _joined(*said: str) -> str:
    return "; ".join(part for part in said if part)

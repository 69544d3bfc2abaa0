"""What a poll changed about a feed that a person has to know: as log events, and in the feed's poll history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import structlog

from watcher.identify import has_unstable_ids
from watcher.model.feed import Feed, FeedState, Move
from watcher.model.poll import Failed, FailureKind, Modified, Unchanged
from watcher.pipeline.ingest_result import IngestResult
from watcher.store.feeds.poll_history import PollRecord

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A change of a feed: `name` for machines, `message` for people.

    `is_repeated` means that an earlier poll of the same day logged it already.
    """

    name: str
    message: str
    is_repeated: bool = False


def list_feed_events(result: IngestResult) -> Iterator[FeedEvent]:
    """Yield the events of a poll: first those of the address, then of the feed's state, then of its items."""
    before, after = result.before, result.after
    if result.continues:
        yield FeedEvent("feed continued", f"goes on from {result.continues}: what is known of that stays known")
    yield from _list_moves(before, after)
    yield from _list_state_changes(before, after)
    if before.push.pushed_at is not None and after.push.pushed_at is None:
        yield FeedEvent("push missed", "has news that its hub did not push: polled at its own rhythm again")
    yield from _list_item_events(result)


def log_feed_events(result: IngestResult) -> None:
    """Log the events of a poll that was stored, those of the day that were logged already left out."""
    if not result.is_stored:
        return
    for event in list_feed_events(result):
        if not event.is_repeated:
            log.warning(event.name, feed=result.before.config.url, message=event.message)


def to_poll_record(result: IngestResult, now: datetime) -> PollRecord:
    """Return a poll as the feed's history keeps it."""
    events = "; ".join(event.message for event in list_feed_events(result))
    name, wire_bytes = "read", 0
    status: int | None
    match result.outcome:
        case Modified(document=document, parsed=parsed, pushed=pushed, note=note):
            name = FailureKind.PARSE.value if parsed.stopped else name
            status, wire_bytes, elapsed = document.status, document.wire_bytes, document.elapsed
            source = "pushed by its hub" if pushed else ""
            message = _join(source, parsed.stopped or "", parsed.degraded or "", note, events)
        case Unchanged(by=by, elapsed=elapsed):
            name, status, message = "unchanged", 304 if by == "304" else 200, _join(by, events)
        case Failed(kind=kind, status=answered, elapsed=elapsed, message=failure):
            name, status, message = kind.value, answered, _join(failure, events)
        case _:
            assert_never(result.outcome)
    return PollRecord(
        feed_id=result.before.id,
        at=now,
        outcome=name,
        status=status,
        wire_bytes=wire_bytes,
        seen=result.seen,
        new=len(result.new),
        updated=len(result.edited),
        hits=len(result.hits),
        lost=result.lost,
        merged=result.merged,
        left_out=result.left_out,
        recovered=result.recovered,
        elapsed=elapsed,
        message=message,
    )


def _list_moves(before: Feed, after: Feed) -> Iterator[FeedEvent]:
    """Yield a change of the address that is fetched, or a permanent redirect that is not believed yet."""
    if after.fetch_url != before.fetch_url:
        is_configured = after.fetch_url == after.config.url
        moved = f"moved permanently to {after.fetch_url}"
        yield FeedEvent("feed moved", "fetched from its configured address again" if is_configured else moved)
    elif _is_new_move(before.poll.move, after.poll.move):
        assert after.poll.move is not None
        message = f"redirects to {after.poll.move.url}, followed for good once it has held for days"
        yield FeedEvent("feed may be moving", message)


def _is_new_move(before: Move | None, after: Move | None) -> bool:
    """Return whether a permanent redirect to an address was seen for the first time."""
    if after is None or not after.sightings:
        return False
    return before is None or before.url != after.url


def _list_state_changes(before: Feed, after: Feed) -> Iterator[FeedEvent]:
    if after.state is before.state:
        return
    if after.state is FeedState.GONE:
        message = "gone for good (HTTP 410 for days): no longer asked; `watcher feeds resume` asks again"
        yield FeedEvent("feed gone", message)
    elif after.state is FeedState.BLOCKED:
        yield FeedEvent("feed blocked", "refused again and again: asked once a day from now on")
    elif before.state in {FeedState.GONE, FeedState.BLOCKED} and after.state is FeedState.ACTIVE:
        yield FeedEvent("feed back", "answers again")


def _list_item_events(result: IngestResult) -> Iterator[FeedEvent]:
    """Yield what may be missing or is treated otherwise than usual among the items."""
    before, after = result.before, result.after
    if result.lost:
        message = f"shares nothing with the last document: about {result.lost} may have been missed"
        yield FeedEvent("poll gap", message)
    if result.quarantined:
        message = f"{result.quarantined} old items under new numbers: kept, not alerted"
        yield FeedEvent("old items quarantined", message)
    if not has_unstable_ids(before) and has_unstable_ids(after):
        yield FeedEvent(
            "ids not trusted",
            "unchanged items came under new ids twice: an item with an unknown id counts as known where headline and "
            "address agree",
        )
    if result.left_out:
        is_repeated = bool(before.document.left_marks) and before.budget_use.day == after.budget_use.day
        yield FeedEvent("items left out", _describe_left_out(result), is_repeated=is_repeated)


def _describe_left_out(result: IngestResult) -> str:
    """Describe how many items were left out, and when they are read: what one document holds beyond the bound, soon."""
    count = result.left_out
    items = "item" if count == 1 else "items"
    parsed = result.outcome.parsed if isinstance(result.outcome, Modified) else None
    if parsed is not None and len(parsed.unread_marks) >= len(result.after.document.left_marks):
        soon = ": the next polls read on" if result.after.poll.body_hash is None else ""
        return f"{count:,} more {items} than are read of one document{soon}"
    return f"{count:,} {items} not stored, beyond the daily budget: what is still served is stored tomorrow"


def _join(*messages: str) -> str:
    return "; ".join(message for message in messages if message)

"""Prints a feed and its polls for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.cli import output

if TYPE_CHECKING:
    from watcher.model.feed import Feed
    from watcher.store.feeds import Poll


def print_feed(feed: Feed, entries: int, now: datetime) -> None:
    """Print a feed's address, health, schedule, gaps and what it is known by, one fact a line."""
    output.print_line(output.style_text(output.clean_text(feed.name), output.BOLD))
    for facts in (_list_address_facts(feed), _list_health_facts(feed, now), _list_item_facts(feed, entries)):
        for name, value in facts:
            output.print_line(f"  {name:<12}{output.clean_text(value)}")


def print_polls(polls: Sequence[Poll]) -> None:
    """Print the history of a feed's polls as a table."""
    if not polls:
        return
    output.print_line("")
    output.print_table(
        ("polled", "outcome", "status", "bytes", "took", "items", "new", "edited", "hits", "message"),
        [_format_poll(poll) for poll in polls],
        flexible=-1,
    )


def format_length(length: timedelta) -> str:
    """Return a length of time as the configuration writes it, to the minute: `15m`, `6h`."""
    from watcher.settings.words import write_length

    seconds = length.total_seconds()
    return write_length(timedelta(minutes=round(seconds / 60)) if seconds >= 60 else length)


def format_time(moment: datetime | None) -> str:
    """Return a moment in UTC to the minute; empty for None."""
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else ""


def _list_address_facts(feed: Feed) -> Iterator[tuple[str, str]]:
    from watcher.text.redact import redact_url

    yield "address", feed.source.url
    if feed.fetch_url != feed.source.url:
        yield "moved to", redact_url(feed.fetch_url)
    if feed.move is not None and feed.move.sightings:
        since = f"seen {output.format_count(feed.move.sightings, 'time')} since {format_time(feed.move.first_seen_at)}"
        yield "redirects to", f"{redact_url(feed.move.url)} ({since}; used for good after two days)"


def _list_health_facts(feed: Feed, now: datetime) -> Iterator[tuple[str, str]]:
    from watcher.schedule import health
    from watcher.text.redact import redact_text

    word = str(health(feed, now))
    yield "health", word + (f" ({feed.state.value})" if feed.state.value not in {"active", word} else "")
    if feed.error_kind and feed.failing_since:
        count = f", {output.format_count(feed.failures, 'failure')} in a row" if feed.failures else ""
        reason = f"{feed.error_kind}: {redact_text(feed.error or '')}"
        yield "failing", f"since {format_time(feed.failing_since)}{count}: {reason}"
    interval = f"every {format_length(feed.source.interval or feed.interval)}"
    configured = " (as configured)" if feed.source.interval else ""
    due = f", next {format_time(feed.next_poll_at)}" if feed.next_poll_at > now else ", due now"
    yield "checked", interval + configured + due
    if feed.rhythm:
        yield "publishes", f"about every {format_length(feed.rhythm)}"
    yield "last read", format_time(feed.read_at) or "never"
    if feed.new_at:
        yield "last new", format_time(feed.new_at)


def _list_item_facts(feed: Feed, entries: int) -> Iterator[tuple[str, str]]:
    from watcher.identify import learned_to_change

    if feed.gaps:
        gaps = output.format_count(feed.gaps, "gap")
        yield "gaps", f"{gaps}, the last {format_time(feed.gap_at)}: about {feed.lost} items may be missing"
    if feed.left_out:
        yield "left out", f"{output.format_count(feed.left_out, 'item')} not stored and possibly missing"
    if feed.merged:
        yield "merged", f"{output.format_count(feed.merged, 'item')} taken for repetitions of others"
    if feed.recovered:
        recovered = output.format_count(feed.recovered, "item")
        yield "recovered", f"{recovered} that an earlier version had merged: stored as baseline"
    yield "entries", f"{entries:,}"
    if learned_to_change(feed):
        yield "identity", "by headline and address where an id is unknown: its ids change"
    facts = (
        ("tags", ", ".join(feed.source.tags)),
        ("language", feed.source.language or feed.language or ""),
        ("site", feed.site_url or ""),
        ("hub", feed.hub or ""),
    )
    yield from ((name, value) for name, value in facts if value)


def _format_poll(poll: Poll) -> tuple[str, ...]:
    counts = [str(count) if count else "" for count in (poll.seen, poll.new, poll.updated, poll.hits)]
    size = f"{poll.wire_bytes:,}" if poll.wire_bytes else ""
    took = f"{poll.elapsed.total_seconds():.2f} s"
    return (format_time(poll.at), poll.outcome, str(poll.status or ""), size, took, *counts, poll.message)

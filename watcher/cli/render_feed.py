"""Prints a feed and its polls for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.cli import output

if TYPE_CHECKING:
    from watcher.model.feed import PollableFeed
    from watcher.store.feeds.poll_history import PollRecord


def print_feeds(feeds: Sequence[PollableFeed], counts: Mapping[int, int], now: datetime) -> None:
    """Print feeds as a table; `counts` are stored entries by feed id."""
    from watcher.app.feeds import count_entries
    from watcher.schedule import get_feed_health

    output.print_table(
        ("health", "every", "last new", "entries", "lost", "feed", "address"),
        [
            (
                str(get_feed_health(feed.summary, now)),
                format_length(feed.config.interval or feed.poll.interval) if feed.poll.polled_at else "",
                output.format_time(feed.stats.new_at),
                f"{count_entries(feed, counts):,}",
                f"~{feed.stats.lost}" if feed.stats.lost else "",
                feed.name if feed.name != feed.config.url else "",
                feed.config.url,
            )
            for feed in feeds
        ],
        flexible=-1,
        optional=6,
    )


def print_feed(feed: PollableFeed, entries: int, now: datetime) -> None:
    """Print a feed's address, health, schedule, gaps and what it is known by, one fact a line."""
    output.print_line(output.style_text(output.clean_text(feed.name), output.BOLD))
    for facts in (_list_address_facts(feed), _list_health_facts(feed, now), _list_item_facts(feed, entries)):
        for name, value in facts:
            output.print_line(f"  {name:<12}{output.clean_text(value)}")


def print_polls(polls: Sequence[PollRecord]) -> None:
    """Print the history of a feed's polls as a table."""
    if not polls:
        return
    output.print_line("")
    output.print_table(
        ("polled", "outcome", "status", "bytes", "took", "items", "new", "edited", "hits", "message"),
        [_format_poll(poll) for poll in polls],
        flexible=-1,
        optional=3,
    )


def format_length(length: timedelta) -> str:
    """Return a length of time as the configuration writes it, to the minute: `15m`, `6h`."""
    from watcher.settings.value_types import format_duration

    seconds = length.total_seconds()
    return format_duration(timedelta(minutes=round(seconds / 60)) if seconds >= 60 else length)


def _list_address_facts(feed: PollableFeed) -> Iterator[tuple[str, str]]:
    from watcher.text.redact import redact_url

    yield "address", feed.config.url
    if feed.fetch_url != feed.config.url:
        yield "moved to", redact_url(feed.fetch_url)
    if feed.poll.move is not None and feed.poll.move.sightings:
        move = feed.poll.move
        since = f"seen {output.format_count(move.sightings, 'time')} since {output.format_time(move.first_seen_at)}"
        yield "redirects to", f"{redact_url(move.url)} ({since}; used for good after two days)"


def _list_health_facts(feed: PollableFeed, now: datetime) -> Iterator[tuple[str, str]]:
    from watcher.schedule import get_feed_health
    from watcher.text.redact import redact_text

    # The state is added where it says more than the health: a failing feed is backed off or blocked.
    word = str(get_feed_health(feed.summary, now))
    yield "health", word + (f" ({feed.state.value})" if feed.state.value not in {"active", word} else "")
    if feed.poll.error_kind and feed.poll.failing_since:
        count = f", {output.format_count(feed.poll.failures, 'failure')} in a row" if feed.poll.failures else ""
        reason = f"{feed.poll.error_kind}: {redact_text(feed.poll.error or '')}"
        yield "failing", f"since {output.format_time(feed.poll.failing_since)}{count}: {reason}"
    interval = f"every {format_length(feed.config.interval or feed.poll.interval)}"
    configured = " (as configured)" if feed.config.interval else ""
    due = f", next {output.format_time(feed.poll.next_poll_at)}" if feed.poll.next_poll_at > now else ", due now"
    yield "checked", interval + configured + due
    if feed.stats.publish_interval:
        yield "publishes", f"about every {format_length(feed.stats.publish_interval)}"
    yield "last read", output.format_time(feed.poll.read_at) or "never"
    if feed.stats.new_at:
        yield "last new", output.format_time(feed.stats.new_at)


def _list_item_facts(feed: PollableFeed, entries: int) -> Iterator[tuple[str, str]]:
    from watcher.identify import has_unstable_ids

    # Only what happened is listed: most feeds have no gaps and nothing left out.
    if feed.stats.gaps:
        gaps = output.format_count(feed.stats.gaps, "gap")
        last = output.format_time(feed.stats.gap_at)
        yield "gaps", f"{gaps}, the last {last}: about {feed.stats.lost} items may be missing"
    if feed.stats.left_out:
        yield "left out", f"{output.format_count(feed.stats.left_out, 'item')} not stored and possibly missing"
    if feed.stats.merged:
        yield "merged", f"{output.format_count(feed.stats.merged, 'item')} taken for repetitions of others"
    if feed.stats.recovered:
        recovered = output.format_count(feed.stats.recovered, "item")
        yield "recovered", f"{recovered} that an earlier version had merged: stored as baseline"
    yield "entries", f"{entries:,}"
    if has_unstable_ids(feed):
        yield "identity", "by headline and address where an id is unknown: its ids change"
    facts = (
        ("tags", ", ".join(feed.config.tags)),
        ("language", feed.config.language or feed.language or ""),
        ("site", feed.site_url or ""),
        ("hub", feed.push.hub or ""),
    )
    yield from ((name, value) for name, value in facts if value)


def _format_poll(poll: PollRecord) -> tuple[str, ...]:
    counts = [str(count) if count else "" for count in (poll.seen, poll.new, poll.updated, poll.hits)]
    size = f"{poll.wire_bytes:,}" if poll.wire_bytes else ""
    took = f"{poll.elapsed.total_seconds():.2f} s"
    return (output.format_short_time(poll.at), poll.outcome, str(poll.status or ""), size, took, *counts, poll.message)

"""Limits what one feed may store in a day: the rest is counted, not stored, and read again the next day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from watcher.model.entry import Entry
from watcher.model.feed import BudgetUse, Feed, Validators
from watcher.model.feed_config import Budget
from watcher.model.poll import EntryDiff, ParsedFeed


def format_budget_day(now: datetime) -> str:
    """Return the day that a budget counts for: YYYY-MM-DD in UTC."""
    return f"{now.astimezone(UTC):%Y-%m-%d}"


def get_remaining_budget(feed: Feed, budget: Budget, now: datetime) -> Budget:
    """Return what is left of a feed's budget for the day."""
    allowed = feed.config.budget or budget
    if feed.budget_use.day != format_budget_day(now):
        return allowed
    return Budget(
        entries=max(0, allowed.entries - feed.budget_use.entries),
        versions=max(0, allowed.versions - feed.budget_use.versions),
    )


def apply_budget(
    diff: EntryDiff, parsed: ParsedFeed, feed: Feed, budget: Budget, now: datetime, *, delta: bool
) -> EntryDiff:
    """Return a diff with what the budget lets be stored, and what is left out by it and by the limit of one parsing.

    The newest items are kept. What is left out keeps no mark among those that are known, so that it is read again.
    It stays among the document's keys: they only prove that nothing slipped between two polls. An item is counted once
    a day, however often it is served.
    """
    remaining = get_remaining_budget(feed, budget, now)
    new = _newest(diff.new, remaining.entries)
    quarantined = _newest(diff.quarantined, remaining.entries - len(new))
    edited = diff.edited[: remaining.versions]
    left_out = {
        get_mark(entry)
        for entry in chain(
            _without(diff.new, new),
            _without(diff.quarantined, quarantined),
            (edit.entry for edit in diff.edited[remaining.versions :]),
        )
    }
    # A push holds only what is new: what was left out before is still there.
    marks = parsed.unread_marks | left_out | (feed.document.left_marks - diff.item_marks if delta else frozenset())
    unmarked = max(0, parsed.truncated_items - len(parsed.unread_marks))
    counted_today = feed.document.left_marks if feed.budget_use.day == format_budget_day(now) else frozenset()
    return replace(
        diff,
        new=new,
        quarantined=quarantined,
        edited=edited,
        item_marks=diff.item_marks - left_out,
        left_marks=marks,
        left_unmarked=unmarked,
        left_out=len(marks - counted_today) + max(0, unmarked - feed.document.left_unmarked),
    )


def add_budget_use(feed: Feed, diff: EntryDiff, now: datetime) -> Feed:
    """Return a feed with what a poll stored and left out added to its use of the budget.

    Its `left_out` counts what may be missing now: what was left out and is stored later counts no more.
    """
    stored = len(diff.new) + len(diff.quarantined)
    document = feed.document
    is_any_left = diff.left_marks or diff.left_unmarked or document.left_marks or document.left_unmarked
    if not (stored or diff.edited or is_any_left):
        return feed
    today = format_budget_day(now)
    used = feed.budget_use if feed.budget_use.day == today else BudgetUse()
    # Marks tell apart what is left out for the first time, what still is, and what was stored after all. Items beyond
    # those that were looked at have no marks: only their number is compared.
    newly_left = len(diff.left_marks - document.left_marks) + max(0, diff.left_unmarked - document.left_unmarked)
    edits = (edit.entry for edit in diff.edited)
    known = diff.item_marks | {get_mark(entry) for entry in chain(diff.new, diff.quarantined, edits)}
    stored_later = len(document.left_marks & known)
    is_first = feed.stats.baseline_at is None
    return replace(
        feed,
        budget_use=BudgetUse(day=today, entries=used.entries + stored, versions=used.versions + len(diff.edited)),
        document=replace(
            document,
            left_marks=diff.left_marks,
            left_unmarked=diff.left_unmarked,
            baseline_marks=diff.left_marks if is_first else diff.left_marks & document.baseline_marks,
        ),
        stats=replace(feed.stats, left_out=max(0, feed.stats.left_out + newly_left - stored_later)),
    )


def has_more_to_read(feed: Feed, diff: EntryDiff, parsed: ParsedFeed, budget: Budget, now: datetime) -> bool:
    """Return whether another poll of the same document would store more of it, today.

    It would not where this one has made no further item known: those that share an id are read each time.
    """
    has_room = get_remaining_budget(feed, budget, now).entries > len(diff.new) + len(diff.quarantined)
    return has_room and bool(parsed.unread_marks) and not diff.item_marks <= feed.document.item_marks


def prepare_request(feed: Feed, now: datetime) -> Feed:
    """Return a feed as it is requested now: without validators and hash where a former day's budget left items out.

    The first poll of the next day takes what is still served, so neither the server nor the body's hash may say that
    nothing changed. On the same day both may: it would be a download for nothing.
    """
    if not feed.document.left_marks or feed.budget_use.day == format_budget_day(now):
        return feed
    return replace(feed, poll=replace(feed.poll, validators=Validators(), body_hash=None))


def get_mark(entry: Entry) -> bytes:
    """Return the mark by which an entry is recognized unparsed: of its bytes in the document, else of its content."""
    return entry.item.mark or entry.content_hash[:8]


def _newest(entries: Sequence[Entry], count: int) -> tuple[Entry, ...]:
    """Return the newest of a document's entries, in their order: by date where all have one, else the first ones."""
    if len(entries) <= count:
        return tuple(entries)
    places = list(range(len(entries)))
    dates = [entry.item.published_at for entry in entries if entry.item.published_at is not None]
    if len(dates) == len(entries):
        places.sort(key=lambda place: dates[place], reverse=True)
    return tuple(entries[place] for place in sorted(places[: max(0, count)]))


def _without(entries: Sequence[Entry], kept: Collection[Entry]) -> list[Entry]:
    stored = {entry.key for entry in kept}
    return [entry for entry in entries if entry.key not in stored]

"""Bounds what one feed may store in a day: the rest is not stored, is counted, and is read again the next day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from watcher.model.entry import Entry
from watcher.model.feed import Budget, BudgetUse, Feed, Validators
from watcher.model.poll import EntryDiff, ParsedFeed


def name_day(now: datetime) -> str:
    """Return the day that a budget counts for: YYYY-MM-DD in UTC."""
    return f"{now.astimezone(UTC):%Y-%m-%d}"


def get_room(feed: Feed, budget: Budget, now: datetime) -> Budget:
    """Return what is left of a feed's budget for the day."""
    allowed = feed.config.budget or budget
    if feed.budget_use.day != name_day(now):
        return allowed
    return Budget(
        entries=max(0, allowed.entries - feed.budget_use.entries),
        versions=max(0, allowed.versions - feed.budget_use.versions),
    )


def apply_budget(
    told: EntryDiff, parsed: ParsedFeed, feed: Feed, budget: Budget, now: datetime, *, delta: bool
) -> EntryDiff:
    """Return what of a document is stored, and what is left out: by the budget, and by the bound of one reading.

    The newest items are kept. What is left out keeps no mark among those that are known, so that it is read again.
    It stays among the document's keys: they only prove that nothing slipped between two polls. An item is counted once
    a day, however often it is served.
    """
    room = get_room(feed, budget, now)
    new = _newest(told.new, room.entries)
    quarantined = _newest(told.quarantined, room.entries - len(new))
    edited = told.edited[: room.versions]
    left = {
        get_mark(entry)
        for entry in chain(
            _without(told.new, new),
            _without(told.quarantined, quarantined),
            (edit.entry for edit in told.edited[room.versions :]),
        )
    }
    # A push holds only what is new: what was left out before is still there.
    marks = parsed.unread_marks | left | (feed.document.left_marks - told.item_marks if delta else frozenset())
    unmarked = max(0, parsed.truncated_items - len(parsed.unread_marks))
    counted = feed.document.left_marks if feed.budget_use.day == name_day(now) else frozenset()
    return replace(
        told,
        new=new,
        quarantined=quarantined,
        edited=edited,
        item_marks=told.item_marks - left,
        left_marks=marks,
        left_unmarked=unmarked,
        left_out=len(marks - counted) + max(0, unmarked - feed.document.left_unmarked),
    )


def count_spent(feed: Feed, told: EntryDiff, now: datetime) -> Feed:
    """Return the feed with what a poll stored and left out.

    `left_out` holds what may be missing now: what was left out and is stored later counts no more.
    """
    stored = len(told.new) + len(told.quarantined)
    if not (
        stored
        or told.edited
        or told.left_marks
        or told.left_unmarked
        or feed.document.left_marks
        or feed.document.left_unmarked
    ):
        return feed
    today = name_day(now)
    spent = (feed.budget_use.entries, feed.budget_use.versions) if feed.budget_use.day == today else (0, 0)
    more = len(told.left_marks - feed.document.left_marks) + max(0, told.left_unmarked - feed.document.left_unmarked)
    edits = (edit.entry for edit in told.edited)
    known = told.item_marks | {get_mark(entry) for entry in chain(told.new, told.quarantined, edits)}
    made_up = len(feed.document.left_marks & known)
    first = feed.stats.baseline_at is None
    return replace(
        feed,
        budget_use=BudgetUse(day=today, entries=spent[0] + stored, versions=spent[1] + len(told.edited)),
        document=replace(
            feed.document,
            left_marks=told.left_marks,
            left_unmarked=told.left_unmarked,
            baseline_marks=told.left_marks if first else told.left_marks & feed.document.baseline_marks,
        ),
        stats=replace(feed.stats, left_out=max(0, feed.stats.left_out + more - made_up)),
    )


def has_more_to_read(feed: Feed, told: EntryDiff, parsed: ParsedFeed, budget: Budget, now: datetime) -> bool:
    """Return whether another poll of the same document would store more of it, today.

    It would not where this one has made no further item known: those that share an id are read each time.
    """
    room = get_room(feed, budget, now).entries > len(told.new) + len(told.quarantined)
    return room and bool(parsed.unread_marks) and not told.item_marks <= feed.document.item_marks


def prepare_request(feed: Feed, now: datetime) -> Feed:
    """Return the feed as it is to be asked now: without what it is known by where a day's budget left items out.

    The first poll of the next day takes what is still served, so neither the server nor the body's hash may say that
    nothing changed. On the same day both may: it would be a download for nothing.
    """
    if not feed.document.left_marks or feed.budget_use.day == name_day(now):
        return feed
    return replace(feed, poll=replace(feed.poll, validators=Validators(), body_hash=None))


def get_mark(entry: Entry) -> bytes:
    """Return by what an entry that was left out is known again: how it stood in the document, else what it says."""
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

"""Proves gaps between two documents, and recognises archives that come back under new numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from watcher.identify.id_matching import KnownEntries
from watcher.model.entry import Entry
from watcher.model.feed import Feed
from watcher.model.poll import Gap

MIN_BURST = 8
"""So many "new" items, most of them older than what is known, look like an archive under new numbers."""
OLD_AGE = timedelta(days=2)


def find_renumbered_archive(new: Sequence[Entry], memory: KnownEntries, now: datetime) -> tuple[Entry, ...]:
    """Return the new entries that look like a re-numbered archive."""
    newest = memory.newest_published_at
    if newest is None or memory.entry_count < 3 or len(new) < MIN_BURST:
        return ()
    horizon = min(newest, now - OLD_AGE)
    old = tuple(entry for entry in new if entry.item.published_at is not None and entry.item.published_at < horizon)
    return old if len(old) >= MIN_BURST and 2 * len(old) >= len(new) else ()


def find_gap(
    offered: Sequence[Entry], feed: Feed, keys: frozenset[str], new: Sequence[Entry], now: datetime
) -> Gap | None:
    """Prove a gap: the last document is known, and nothing of it, and nothing known at all, is in this one.

    The estimate of what was lost: the time between the last look and the oldest shown item, at the rate at which the
    shown ones came; at least one, at most what could have passed through since that look.
    """
    if not feed.document.keys or not offered or keys & feed.document.keys or not new:
        return None
    # Without two dates no rate can be measured: one item is the least that a gap can have lost.
    dates = sorted(entry.item.published_at for entry in new if entry.item.published_at is not None)
    since = feed.poll.succeeded_at or feed.poll.read_at
    if len(dates) < 2 or since is None:
        return Gap(lost=1)
    steps = [later - earlier for earlier, later in pairwise(dates)]
    step = max(timedelta(seconds=median(step.total_seconds() for step in steps)), timedelta(seconds=1))
    unseen = dates[0] - since
    if unseen <= timedelta():
        return Gap(lost=1)
    return Gap(lost=max(1, min(round(unseen / step), 5 * len(offered), round((now - since) / step) + 1)))

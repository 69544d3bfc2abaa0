"""Tells what is new, edited, known, moved or lost between two polls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.identify.gaps import find_gap, find_renumbered_archive
from watcher.identify.id_matching import EntryMatches, KnownEntries, match_by_id
from watcher.identify.keys import build_shared_key, build_specific_keys, shorten_key
from watcher.identify.similarity import MIN_ID_CHANGES, has_unstable_ids, match_by_similarity
from watcher.model.entry import Entry
from watcher.model.feed import IDENTITY_VERSION, Feed
from watcher.model.poll import EntryDiff, EntryEdit, KnownEntry

MAX_VERSIONS = 25
"""An item that has been edited so often is only followed further where its headline changes."""
MAX_DOCUMENT_KEYS = 4_000
"""How many keys a feed may gather from documents that only add to the last one."""
FUTURE_TOLERANCE = timedelta(days=1)
"""A date further in the future than this is doubted: clocks and zones are wrong by less."""


def diff_entries(
    offered: Sequence[Entry], feed: Feed, memory: KnownEntries, now: datetime, *, delta: bool = False, merged: int = 0
) -> EntryDiff:
    """Sort a document's entries by what is known of the feed. `merged` is how many items `candidates` left out.

    A `delta` (226, RFC 3229, or a push) holds only what is new since the last answer: that it shares nothing with the
    last document proves no gap, and it does not end the upgrade of a feed to today's keys.

    A burst of items older than what is known is put in quarantine. What is repeated as it stood is the same.
    """
    # A whole document shows which items were merged under version 1; none of those is news.
    upgrading = feed.document.identity_version < IDENTITY_VERSION and not delta and bool(offered)
    plausible = [_with_plausible_date(entry, now) for entry in offered]
    recognised = match_by_id(plausible, memory)
    why, changes_ids = match_by_similarity(plausible, feed, memory, recognised)
    keys = _assign_keys(plausible, memory, recognised, why)

    new: list[Entry] = []
    recovered: list[Entry] = []
    edited: list[EntryEdit] = []
    migrated: list[tuple[int, str]] = []
    gone: list[tuple[str, str]] = []
    same = 0
    for place, entry in enumerate(plausible):
        known = recognised.known.get(place)
        if place in recognised.twins:
            merged += 1
        elif known is None and entry.item.repeated:
            same += 1
        elif known is None:
            former = memory.by_key.get(entry.former_key) if entry.former_key and upgrading else None
            if former is not None and former.id == 0 and former.content_hash == entry.content_hash:
                gone.append((former.key, keys[place]))
                same += 1
            else:
                (new if former is None else recovered).append(replace(entry, key=keys[place]))
        else:
            if place in why:
                migrated.append((known.id, keys[place]))
                if keys[place] != entry.key:
                    migrated.append((known.id, build_shared_key(entry.key)))
            if _is_changed(known, entry):
                edited.append(EntryEdit(known=known, entry=entry))
            else:
                same += 1
    quarantined = find_renumbered_archive(new, memory, now) if feed.stats.baseline_at is not None else ()
    if quarantined:
        old = {entry.key for entry in quarantined}
        new = [entry for entry in new if entry.key not in old]
    document_keys = frozenset(shorten_key(entry.key) for entry in offered)
    whole = (
        document_keys | feed.document.keys if delta and len(feed.document.keys) < MAX_DOCUMENT_KEYS else document_keys
    )
    marks = _marks(plausible, feed, memory, recognised)
    is_known = bool(migrated or same or edited or recovered)
    # The first document after an upgrade is compared with what version 1 remembered.
    comparable = document_keys | {shorten_key(entry.former_key) for entry in offered if entry.former_key}
    return EntryDiff(
        new=tuple(new),
        edited=tuple(edited),
        same=same,
        migrated=tuple(migrated),
        quarantined=quarantined,
        recovered=tuple(recovered),
        gone=tuple(gone),
        document_keys=whole,
        item_marks=marks if whole is document_keys else marks | feed.document.item_marks,
        gap=None if is_known or delta else find_gap(plausible, feed, comparable, new, now),
        merged=merged,
        identity_version=IDENTITY_VERSION if upgrading else feed.document.identity_version,
        id_changes=int(changes_ids) if feed.document.id_changes or not has_unstable_ids(feed) else MIN_ID_CHANGES,
    )


def _assign_keys(
    offered: Sequence[Entry], memory: KnownEntries, recognised: EntryMatches, why: Collection[int]
) -> dict[int, str]:
    """Return the keys under which entries are stored from now on: of new ones, and of those known by another id so far.

    The plain key where the id is the item's own. Else the least particular key that tells it from the others in the
    document and from all that is known.
    """
    counts = Counter(entry.key for entry in offered)
    unnamed = [
        place
        for place, entry in enumerate(offered)
        if (place not in recognised.known or place in why) and place not in recognised.twins and not entry.item.repeated
    ]
    particular = {
        place: build_specific_keys(offered[place])
        for place in unnamed
        if counts[key := offered[place].key] > 1 or key in memory.by_key or build_shared_key(key) in memory.by_key
    }
    used = Counter(key for keys in particular.values() for key in keys)
    return {
        place: next(
            (key for key in particular[place] if used[key] == 1 and key not in memory.by_key), particular[place][-1]
        )
        if place in particular
        else offered[place].key
        for place in unnamed
    }


def _is_changed(known: KnownEntry, entry: Entry) -> bool:
    if known.id <= 0 or entry.item.repeated or known.content_hash == entry.content_hash:
        return False
    return known.version < MAX_VERSIONS or known.title != entry.item.title


def _marks(offered: Sequence[Entry], feed: Feed, memory: KnownEntries, recognised: EntryMatches) -> frozenset[bytes]:
    """Return the marks of items that need not be read again while they stand as they stood.

    What was pruned is looked up each time, so that its tombstone stays, and so is what shares its id: which of several
    items it is shows only in its whole text.
    """
    gone = frozenset(memory.pruned)
    counts = Counter(entry.key for entry in offered)
    own = [
        (place, entry)
        for place, entry in enumerate(offered)
        if entry.item.mark
        and counts[entry.key] == 1
        and place not in recognised.recycled
        and build_shared_key(entry.key) not in memory.by_key
    ]
    stored = [entry.item.mark for place, entry in own if entry.key not in gone and not entry.item.repeated]
    return frozenset(stored) | feed.document.item_marks.intersection(entry.item.mark for _place, entry in own)


def _with_plausible_date(entry: Entry, now: datetime) -> Entry:
    """Keep a date out of any ordering that lies in the future."""
    published = entry.item.published_at
    if published is None or published <= now + FUTURE_TOLERANCE:
        return entry
    return replace(entry, item=replace(entry.item, published_at=None, date_doubtful=True))

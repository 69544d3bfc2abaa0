"""Finds what is new, edited, known, moved or lost between two polls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain

from watcher.identify.gaps import find_gap, find_renumbered_archive
from watcher.identify.id_matching import EntryMatches, KnownEntries, match_by_id
from watcher.identify.keys import build_shared_key, build_specific_keys, shorten_key
from watcher.identify.similarity import MIN_ID_CHANGES, has_unstable_ids, match_by_similarity
from watcher.model.entry import Entry
from watcher.model.feed import IDENTITY_VERSION, Feed
from watcher.model.poll import EntryDiff, EntryEdit, KnownEntry, PrunedEntry, RememberedEntry

MAX_VERSIONS = 25
"""An item that has been edited so often is only followed further where its headline changes."""
MAX_DOCUMENT_KEYS = 4_000
"""How many keys a feed may gather from documents that only add to the last one."""
FUTURE_TOLERANCE = timedelta(days=1)
"""A date further in the future than this is doubted: clocks and zones are wrong by less."""


def diff_entries(
    offered: Sequence[Entry], feed: Feed, memory: KnownEntries, now: datetime, *, delta: bool = False, merged: int = 0
) -> EntryDiff:
    """Return how a document's entries differ from what is known of the feed. `merged` items were left out before.

    A `delta` (226, RFC 3229, or a push) holds only what is new since the last answer: that it shares nothing with the
    last document proves no gap, and it does not end the upgrade of a feed to today's keys.

    A burst of items older than what is known is quarantined. What is repeated as it stood is unchanged.
    """
    # A whole document shows which items were merged under version 1; none of those is news.
    upgrading = feed.document.identity_version < IDENTITY_VERSION and not delta and bool(offered)
    plausible = [_with_plausible_date(entry, now) for entry in offered]
    matches = match_by_id(plausible, memory)
    reasons, changes_ids = match_by_similarity(plausible, feed, memory, matches)
    keys = _assign_keys(plausible, memory, matches, reasons)
    classified = _classify(plausible, matches, reasons, keys, memory if upgrading else None)
    quarantined = find_renumbered_archive(classified.new, memory, now) if feed.stats.baseline_at is not None else ()
    new = _leave_out(classified.new, quarantined)
    document_keys = frozenset(shorten_key(entry.key) for entry in offered)
    # A delta adds to the document before it, as long as that does not grow without end.
    adds = delta and len(feed.document.keys) < MAX_DOCUMENT_KEYS
    item_marks = _list_marks(plausible, feed, memory, matches)
    proves_no_gap = delta or classified.is_any_known
    return EntryDiff(
        new=tuple(new),
        edited=tuple(classified.edited),
        same=classified.same,
        migrated=tuple(classified.migrated),
        quarantined=quarantined,
        recovered=tuple(classified.recovered),
        tombstone_keys=tuple(classified.tombstone_keys),
        document_keys=document_keys | feed.document.keys if adds else document_keys,
        item_marks=item_marks | feed.document.item_marks if adds else item_marks,
        gap=None if proves_no_gap else find_gap(plausible, feed, _list_comparable_keys(offered), new, now),
        merged=merged + classified.merged,
        identity_version=IDENTITY_VERSION if upgrading else feed.document.identity_version,
        id_changes=_count_id_changes(feed, changes_ids),
    )


def _classify(
    plausible: Sequence[Entry],
    matches: EntryMatches,
    reasons: Collection[int],
    keys: Mapping[int, str],
    legacy: KnownEntries | None,
) -> _Classified:
    """Return what became of each entry. Those at the places `reasons` are known by another id than so far."""
    classified = _Classified()
    for place, entry in enumerate(plausible):
        known = matches.known.get(place)
        if place in matches.twins:
            classified.merged += 1
        elif known is not None:
            classified.add_known(known, entry, keys[place] if place in reasons else None)
        elif entry.item.repeated:
            classified.same += 1
        else:
            classified.add_unknown(entry, keys[place], legacy)
    return classified


@dataclass(slots=True)
class _Classified:
    """A document's entries by what became of them; the fields are those of an EntryDiff."""

    merged: int = 0
    new: list[Entry] = field(default_factory=list)
    recovered: list[Entry] = field(default_factory=list)
    edited: list[EntryEdit] = field(default_factory=list)
    migrated: list[tuple[int, str]] = field(default_factory=list)
    tombstone_keys: list[tuple[str, str]] = field(default_factory=list)
    same: int = 0

    @property
    def is_any_known(self) -> bool:
        return bool(self.migrated or self.same or self.edited or self.recovered)

    def add_known(self, known: KnownEntry, entry: Entry, new_key: str | None) -> None:
        """Add an entry that is known; `new_key` is its key where it came under another id than so far."""
        if isinstance(known, PrunedEntry):
            self.same += 1
            return
        if new_key is not None:
            self.migrated.append((known.id, new_key))
            if new_key != entry.key:
                self.migrated.append((known.id, build_shared_key(entry.key)))
        if _is_changed(known, entry):
            self.edited.append(EntryEdit(known=known, entry=entry))
        else:
            self.same += 1

    def add_unknown(self, entry: Entry, key: str, legacy: KnownEntries | None) -> None:
        """Add an entry that is not known by today's rules; `legacy` is where to look for it by those of version 1."""
        former = legacy.by_key.get(entry.former_key) if legacy is not None and entry.former_key else None
        if isinstance(former, PrunedEntry) and former.content_hash == entry.content_hash:
            self.tombstone_keys.append((former.key, key))
            self.same += 1
        else:
            named = entry if entry.key == key else replace(entry, key=key)
            (self.new if former is None else self.recovered).append(named)


def _leave_out(new: Sequence[Entry], quarantined: Sequence[Entry]) -> Sequence[Entry]:
    if not quarantined:
        return new
    keys = {entry.key for entry in quarantined}
    return [entry for entry in new if entry.key not in keys]


def _list_comparable_keys(offered: Sequence[Entry]) -> frozenset[str]:
    # The first document after an upgrade is compared with what version 1 remembered.
    former_keys = (entry.former_key for entry in offered if entry.former_key)
    return frozenset(shorten_key(key) for key in chain((entry.key for entry in offered), former_keys))


def _count_id_changes(feed: Feed, changes_ids: bool) -> int:
    # Version 1 noted in its rule that a feed's ids change: the first poll turns that into today's count.
    learned_before = not feed.document.id_changes and has_unstable_ids(feed)
    return MIN_ID_CHANGES if learned_before else int(changes_ids)


def _assign_keys(
    offered: Sequence[Entry], memory: KnownEntries, recognised: EntryMatches, why: Collection[int]
) -> dict[int, str]:
    """Return the keys under which entries are stored from now on: of new ones, and of those known by another id so far.

    The plain key where the id is the item's own. Else the least specific key that distinguishes it from the others in
    the document and from all that is known.
    """
    # Known entries keep their keys; a key that anything else has or had is taken only in a more particular form.
    keys: dict[int, str] = {}
    specific_keys: dict[int, Sequence[str]] = {}
    counts = Counter(entry.key for entry in offered)
    for place, entry in enumerate(offered):
        if (place in recognised.known and place not in why) or place in recognised.twins or entry.item.repeated:
            continue
        keys[place] = key = entry.key
        if counts[key] > 1 or key in memory.by_key or build_shared_key(key) in memory.by_key:
            specific_keys[place] = build_specific_keys(entry)
    used = Counter(chain.from_iterable(specific_keys.values()))
    for place, choices in specific_keys.items():
        free = (key for key in choices if used[key] == 1 and key not in memory.by_key)
        keys[place] = next(free, choices[-1])
    return keys


def _is_changed(known: RememberedEntry, entry: Entry) -> bool:
    if entry.item.repeated or known.content_hash == entry.content_hash:
        return False
    return known.version < MAX_VERSIONS or known.title != entry.item.title


def _list_marks(
    offered: Sequence[Entry], feed: Feed, memory: KnownEntries, recognised: EntryMatches
) -> frozenset[bytes]:
    """Return the marks of items that need not be read again while they stand as they stood.

    What was pruned is looked up each time, so that its tombstone stays, and so is what shares its id: which of several
    items it is shows only in its whole text.
    """
    # An item that was read now gets a mark if it is alone with its id; one that was repeated keeps the mark it has.
    pruned_keys = frozenset(memory.pruned)
    counts = Counter(entry.key for entry in offered)
    own = [
        (place, entry)
        for place, entry in enumerate(offered)
        if entry.item.mark
        and counts[entry.key] == 1
        and place not in recognised.recycled
        and build_shared_key(entry.key) not in memory.by_key
    ]
    stored = [entry.item.mark for place, entry in own if entry.key not in pruned_keys and not entry.item.repeated]
    return frozenset(stored) | feed.document.item_marks.intersection(entry.item.mark for _place, entry in own)


def _with_plausible_date(entry: Entry, now: datetime) -> Entry:
    """Keep a date out of any ordering that lies in the future."""
    published = entry.item.published_at
    if published is None or published <= now + FUTURE_TOLERANCE:
        return entry
    return replace(entry, item=replace(entry.item, published_at=None, date_doubtful=True))

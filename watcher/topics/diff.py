"""What a changed query would gain and lose over the archive, before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watcher.match import EntryText, Query, QueryIndex, match_entry
from watcher.match.evidence import extract_evidence
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence
from watcher.store.hits.labels import find_hit_labels
from watcher.topics.archive_scan import ArchiveScan, drop_content, iter_entries_by_id

MAX_SHOWN_CHANGES = 1000
"""How many gained and how many lost entries are kept for showing; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """An entry that one query matches and the other does not, with the words that show it; `hit_id` and `label` where
    it is a stored hit."""

    stored: StoredEntry
    evidence: tuple[Evidence, ...]
    hit_id: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDiff:
    """How two queries differ over `tested` entries: the newest changes, newest first, and how many of each there are.

    `lost_labels` counts the labels of what would be lost; labelled losses are always among `lost`.
    """

    tested: int
    read: int
    kept: int
    gained: tuple[EntryChange, ...]
    lost: tuple[EntryChange, ...]
    gained_count: int
    lost_count: int
    lost_labels: Mapping[str, int] = field(default_factory=dict)


def diff_queries(
    scan: ArchiveScan, topic_id: str, before: Query, after: Query, *, limit: int = MAX_SHOWN_CHANGES
) -> QueryDiff:
    """Match both queries against every entry of the archive that either may match."""
    proposed = scan.propose([before, after])
    gained: list[EntryChange] = []
    lost: list[EntryChange] = []
    lost_ids: list[int] = []
    kept = gained_count = 0
    index = QueryIndex([before, after])
    for stored in scan.iter_entries(proposed.ids):
        entry = EntryText(stored)
        matches = dict(index.find_matches(entry))
        # Number 0 is the query before, number 1 the query after.
        if len(matches) == 2:
            kept += 1
        elif 1 in matches:
            gained_count += 1
            if len(gained) < limit:
                gained.append(EntryChange(stored=drop_content(stored), evidence=extract_evidence(matches[1], entry)))
        elif 0 in matches:
            lost_ids.append(stored.id)
            if len(lost) < limit:
                lost.append(EntryChange(stored=drop_content(stored), evidence=extract_evidence(matches[0], entry)))
    with scan.database.read() as db:
        labels = find_hit_labels(db, topic_id, lost_ids)
    lost += load_labelled_losses(scan, before, lost, lost_ids, labels)
    return QueryDiff(
        tested=proposed.tested,
        read=len(proposed.ids),
        kept=kept,
        gained=tuple(gained),
        lost=tuple(add_label(change, labels) for change in lost),
        gained_count=gained_count,
        lost_count=len(lost_ids),
        lost_labels=dict(Counter(label for _hit, label in labels.values() if label)),
    )


def load_labelled_losses(
    scan: ArchiveScan,
    before: Query,
    lost: list[EntryChange],
    lost_ids: list[int],
    labels: Mapping[int, tuple[int, str | None]],
) -> list[EntryChange]:
    """Return the labelled losses that are not among the newest: what a person labelled is shown however old it is."""
    shown = {change.stored.id for change in lost}
    not_shown_ids = [id_ for id_ in lost_ids if id_ not in shown and labels.get(id_, (0, None))[1]]
    return [
        EntryChange(stored=drop_content(stored), evidence=evidence)
        for stored in iter_entries_by_id(scan.database, not_shown_ids)
        if (evidence := match_entry(before, stored)) is not None
    ]


def add_label(change: EntryChange, labels: Mapping[int, tuple[int, str | None]]) -> EntryChange:
    """Return a change with the hit that is stored of its entry, and how it was judged."""
    hit_id, label = labels.get(change.stored.id, (None, None))
    return replace(change, hit_id=hit_id, label=label)

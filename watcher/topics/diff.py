"""What a changed query would gain and lose over the archive, before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from watcher.match import EntryText, Query, QueryIndex, match_entry
from watcher.match.evidence import extract_evidence
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence
from watcher.store.database import Database
from watcher.store.hits.labels import find_hit_labels
from watcher.topics.archive_scan import ProgressCallback, drop_content, iter_entries, propose_entries

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

    `lost_labels` counts the judgements on what would be lost; judged losses are always among `lost`.
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
    database: Database,
    topic_id: str,
    before: Query,
    after: Query,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int = MAX_SHOWN_CHANGES,
    heard: ProgressCallback | None = None,
) -> QueryDiff:
    """Match both queries against every entry first seen in [since, until) that either may match."""
    walked = propose_entries(database, [before, after], since=since, until=until)
    gained: list[EntryChange] = []
    lost: list[EntryChange] = []
    lost_ids: list[int] = []
    kept = gained_count = 0
    index = QueryIndex([before, after])
    for stored in iter_entries(database, walked.ids, heard):
        reading = EntryText(stored)
        places = dict(index.matching(reading))
        if len(places) == 2:
            kept += 1
        elif 1 in places:
            gained_count += 1
            if len(gained) < most:
                gained.append(EntryChange(stored=drop_content(stored), evidence=extract_evidence(places[1], reading)))
        elif 0 in places:
            lost_ids.append(stored.id)
            if len(lost) < most:
                lost.append(EntryChange(stored=drop_content(stored), evidence=extract_evidence(places[0], reading)))
    with database.read() as db:
        known = find_hit_labels(db, topic_id, lost_ids)
    labels = Counter(label for _hit, label in known.values() if label)
    shown = {change.stored.id for change in lost}
    beyond = [id_ for id_ in lost_ids if id_ not in shown and known.get(id_, (0, None))[1]]
    lost += [
        EntryChange(stored=drop_content(stored), evidence=found)
        for stored in iter_entries(database, beyond)
        if (found := match_entry(before, stored)) is not None
    ]
    return QueryDiff(
        tested=walked.tested,
        read=len(walked.ids),
        kept=kept,
        gained=tuple(gained),
        lost=tuple(_with_judgement(change, known) for change in lost),
        gained_count=gained_count,
        lost_count=len(lost_ids),
        lost_labels=dict(labels),
    )


def _with_judgement(change: EntryChange, known: Mapping[int, tuple[int, str | None]]) -> EntryChange:
    hit_id, label = known.get(change.stored.id, (None, None))
    return replace(change, hit_id=hit_id, label=label)

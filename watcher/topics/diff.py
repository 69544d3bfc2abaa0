"""What a changed query would gain and lose over the archive, before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from watcher.match import Index, Query, Reading
from watcher.match.evidence import evidence
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence
from watcher.store import judgements
from watcher.store.engine import Database
from watcher.topics.walk import Heard, read, stretch

MOST = 1000
"""How many gained and how many lost entries are kept for showing; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry that one query matches and the other does not, with the words that show it; `hit_id` and `label` where
    it is a stored hit."""

    stored: StoredEntry
    evidence: tuple[Evidence, ...]
    hit_id: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """How two queries differ over `tested` entries: the newest changes, newest first, and how many of each there are.

    `lost_labels` counts the judgements on what would be lost; judged losses are always among `lost`.
    """

    tested: int
    read: int
    kept: int
    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    gained_count: int
    lost_count: int
    lost_labels: Mapping[str, int] = field(default_factory=dict)


def diff(
    database: Database,
    topic_id: str,
    before: Query,
    after: Query,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int = MOST,
    heard: Heard | None = None,
) -> Diff:
    """Match both queries against every entry first seen in [since, until) that either may match."""
    walked = stretch(database, [before, after], since=since, until=until)
    gained: list[Change] = []
    lost: list[Change] = []
    kept = gained_count = 0
    index = Index([before, after])
    for stored in read(database, walked.ids, heard):
        reading = Reading(stored)
        places = dict(index.matching(reading))
        if len(places) == 2:
            kept += 1
        elif 1 in places:
            gained_count += 1
            if len(gained) < most:
                gained.append(Change(stored=_bare(stored), evidence=evidence(places[1], reading)))
        elif 0 in places:
            lost.append(Change(stored=_bare(stored), evidence=evidence(places[0], reading)))
    lost = _judged(database, topic_id, lost)
    labels = Counter(change.label for change in lost if change.label)
    shown = [change for number, change in enumerate(lost) if number < most or change.label]
    return Diff(
        tested=walked.tested,
        read=len(walked.ids),
        kept=kept,
        gained=tuple(gained),
        lost=tuple(shown),
        gained_count=gained_count,
        lost_count=len(lost),
        lost_labels=dict(labels),
    )


def _judged(database: Database, topic_id: str, lost: list[Change]) -> list[Change]:
    with database.read() as db:
        known = judgements.known(db, topic_id, [change.stored.id for change in lost])
    return [
        replace(change, hit_id=known[change.stored.id][0], label=known[change.stored.id][1])
        if change.stored.id in known
        else change
        for change in lost
    ]


def _bare(stored: StoredEntry) -> StoredEntry:
    """Let go of the full text where there is a summary to show: many entries may be kept."""
    item = stored.entry.item
    if not item.summary:
        return stored
    return replace(stored, entry=replace(stored.entry, item=replace(item, content="")))

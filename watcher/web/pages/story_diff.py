"""The reports of a story side by side, in order of publication: what each adds, its hits and its edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.model.entry import StoredEntry
from watcher.model.event import EventFacts, ReportFacts
from watcher.model.results import StoredHit
from watcher.web.render.diffs import EntryEdit, compare_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report in its story: its place from 1 on, its entry, its hits, and its edits; `original` is what it repeats."""

    number: int
    fact: ReportFacts
    stored: StoredEntry
    hits: tuple[StoredHit, ...]
    edits: tuple[EntryEdit, ...]
    original: int | None = None


def arrange_reports(
    facts: EventFacts,
    stored: Mapping[int, StoredEntry],
    versions: Mapping[int, Sequence[Mapping[str, Any]]],
    hits: Sequence[StoredHit],
) -> list[ReportView]:
    """Return the reports in order of publication; those that were pruned meanwhile are left out."""
    numbers = {fact.report.entry_id: number for number, fact in enumerate(facts.reports, 1)}
    return [
        ReportView(
            number=number,
            fact=fact,
            stored=entry,
            hits=tuple(hit for hit in hits if hit.stored.id == entry.id),
            edits=compare_versions(entry, versions.get(entry.id, ())),
            original=numbers.get(fact.copy_of) if fact.copy_of is not None else None,
        )
        for number, fact in enumerate(facts.reports, 1)
        if (entry := stored.get(fact.report.entry_id)) is not None
    ]

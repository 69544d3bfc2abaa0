"""What a query that is being written would find: items, the stories that they give, what it gains and loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from watcher.match import EntryText, Query, QueryIndex
from watcher.match.evidence import extract_evidence
from watcher.match.node import Occurrence
from watcher.model.entry import StoredEntry
from watcher.model.results import SearchResult
from watcher.store.entries.search import count_entries_in_range
from watcher.store.hits.labels import find_hit_labels
from watcher.store.stories.queries import load_story_ids
from watcher.stories.batch import group_entries
from watcher.topics.archive_scan import ArchiveScan, drop_content
from watcher.topics.diff import EntryChange, add_label, load_labelled_losses

Occurrences: TypeAlias = list[Occurrence]
MAX_GROUPED = 150
"""The newest so many items are grouped into stories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedStory:
    """A story that a query would give: the items that it finds of it, the latest first.

    `story_id` is that of a stored story which holds one of them; None where the story would be new.
    """

    reports: tuple[SearchResult, ...]
    story_id: int | None = None

    @property
    def lead(self) -> SearchResult:
        """The report that came first."""
        return self.reports[-1]

    @property
    def outlets(self) -> tuple[str, ...]:
        """The names of the outlets, the latest first."""
        return tuple(dict.fromkeys(report.stored.entry.source for report in self.reports))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPreview:
    """What a query finds among `tested` items, and what it gains and loses against the stored one.

    `stories` are those of the newest `grouped` items of `count`. `gained` and `lost` are the newest of each, with every
    labelled loss; all are counted. `searched_back_to` is set where the time ran out: older items were not looked at.
    Without a stored query `is_compared` is false, and nothing is gained or lost.
    """

    tested: int
    count: int
    grouped: int
    stories: tuple[PreviewedStory, ...]
    is_compared: bool = False
    kept: int = 0
    gained: tuple[EntryChange, ...] = ()
    lost: tuple[EntryChange, ...] = ()
    gained_count: int = 0
    lost_count: int = 0
    lost_labels: Mapping[str, int] = field(default_factory=dict)
    searched_back_to: datetime | None = None


def preview_query(
    scan: ArchiveScan,
    topic_id: str,
    before: Query | None,
    after: Query | None,
    *,
    limit: int,
    is_over: Callable[[], bool] = lambda: False,
) -> QueryPreview:
    """Match a query that is being written against a part of the archive, and the stored one beside it, if any.

    Goes back from the newest item, and stops early where `is_over` returns true. `limit` is how many gained and how
    many lost items are returned. None for `after` is a topic without a query, which finds nothing by words.
    """
    if before is None and after is None:
        return QueryPreview(tested=0, count=0, grouped=0, stories=())
    findings = _Findings(limit)
    tested, searched_back_to = _search(scan, before, after, findings, is_over)
    with scan.database.read() as db:
        labels = find_hit_labels(db, topic_id, findings.lost_ids)
        story_ids = load_story_ids(db, [match.stored.id for match in findings.matches])
    preview = QueryPreview(
        tested=tested,
        count=findings.count,
        grouped=len(findings.matches),
        stories=_group_matches(findings.matches, story_ids),
        searched_back_to=searched_back_to,
    )
    if before is None:
        return preview
    findings.lost += load_labelled_losses(scan, before, findings.lost, findings.lost_ids, labels)
    return _add_changes(preview, findings, labels)


def _add_changes(
    preview: QueryPreview, findings: _Findings, labels: Mapping[int, tuple[int, str | None]]
) -> QueryPreview:
    """Return a preview with what was gained and lost; `labels` are those of lost hits, by entry."""
    return replace(
        preview,
        is_compared=True,
        kept=findings.kept,
        gained=tuple(findings.gained),
        lost=tuple(add_label(change, labels) for change in findings.lost),
        gained_count=findings.gained_count,
        lost_count=len(findings.lost_ids),
        lost_labels=dict(Counter(label for _hit, label in labels.values() if label)),
    )


def _search(
    scan: ArchiveScan, before: Query | None, after: Query | None, findings: _Findings, is_over: Callable[[], bool]
) -> tuple[int, datetime | None]:
    """Add what the queries match; return how many items were looked at, and how far back where the time ran out."""
    queries = [query for query in (before, after) if query is not None]
    proposed = scan.propose(queries)
    index = QueryIndex(queries)
    # Numbers in the index; -1 is never among them.
    number_before, number_after = 0 if before is not None else -1, len(queries) - 1 if after is not None else -1
    for stored in scan.iter_entries(proposed.ids):
        entry = EntryText(stored)
        if matches := dict(index.find_matches(entry)):
            findings.add(entry, matches.get(number_before), matches.get(number_after))
        if is_over() and stored.id != proposed.ids[-1]:
            with scan.database.read() as db:
                return count_entries_in_range(db, stored.id - 1, proposed.below), stored.first_seen_at
    return proposed.tested, None


@dataclass(slots=True)
class _Findings:
    """What a preview has found so far; the items come newest first."""

    limit: int
    matches: list[SearchResult] = field(default_factory=list)
    gained: list[EntryChange] = field(default_factory=list)
    lost: list[EntryChange] = field(default_factory=list)
    lost_ids: list[int] = field(default_factory=list)
    count: int = 0
    gained_count: int = 0
    kept: int = 0

    def add(self, entry: EntryText, before: Occurrences | None, after: Occurrences | None) -> None:
        """Add an item with where the stored query matches it (`before`), and the one that is being written."""
        # Evidence is extracted for what is shown alone: a wide query matches thousands.
        if after is not None:
            self.count += 1
            if len(self.matches) < MAX_GROUPED:
                stored = drop_content(entry.stored)
                self.matches.append(SearchResult(stored=stored, evidence=extract_evidence(after, entry)))
        if before is not None and after is not None:
            self.kept += 1
        elif after is not None:
            self.gained_count += 1
            if len(self.gained) < self.limit:
                self.gained.append(_make_change(entry, after))
        elif before is not None:
            self.lost_ids.append(entry.stored.id)
            if len(self.lost) < self.limit:
                self.lost.append(_make_change(entry, before))


def _make_change(entry: EntryText, occurrences: Occurrences) -> EntryChange:
    return EntryChange(stored=drop_content(entry.stored), evidence=extract_evidence(occurrences, entry))


def _group_matches(matches: Sequence[SearchResult], story_ids: Mapping[int, int]) -> tuple[PreviewedStory, ...]:
    entries: list[StoredEntry] = [match.stored for match in matches]
    return tuple(
        PreviewedStory(
            reports=tuple(matches[number] for number in reversed(group)),
            story_id=next((story_ids[entries[n].id] for n in group if entries[n].id in story_ids), None),
        )
        for group in group_entries(entries, story_ids)
    )

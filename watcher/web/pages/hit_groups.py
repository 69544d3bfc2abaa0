"""Hits as a page shows them: one row for an entry whatever topics it hit, and one for a story whoever tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from watcher.match import Query, match_entry
from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.topic import Evidence


@dataclass(slots=True, kw_only=True)
class Row:
    """An entry and its hits; the first leads."""

    hits: list[StoredHit]
    searched: tuple[Evidence, ...] = ()

    @property
    def hit(self) -> StoredHit:
        return self.hits[0]

    @property
    def stored(self) -> StoredEntry:
        return self.hits[0].stored

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Give the words that show why, of all its topics and of the search."""
        return (*(each for hit in self.hits for each in hit.hit.evidence), *self.searched)


@dataclass(slots=True, kw_only=True)
class Group:
    """A story on a page: the row that leads it here, and the other rows of it."""

    lead: Row
    others: list[Row] = field(default_factory=list)


def rows_of(found: Sequence[StoredHit], query: Query | None = None) -> list[Row]:
    """Bring the hits of one entry together, in the order of the list."""
    rows: dict[int, Row] = {}
    for hit in found:
        if hit.stored.id in rows:
            rows[hit.stored.id].hits.append(hit)
        else:
            searched = match_entry(query, hit.stored) if query is not None else None
            rows[hit.stored.id] = Row(hits=[hit], searched=searched or ())
    return list(rows.values())


def groups_of(rows: Sequence[Row], *, by_story: bool) -> list[Group]:
    """Bring the rows of one story together, in the order of the list."""
    groups: dict[tuple[str, int], Group] = {}
    for row in rows:
        story = row.hit.story_id
        key = ("story", story) if by_story and story is not None else ("entry", row.stored.id)
        if key in groups:
            groups[key].others.append(row)
        else:
            groups[key] = Group(lead=row)
    return list(groups.values())

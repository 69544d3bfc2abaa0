"""Hits as a page shows them: one row for an entry whatever topics it hit, and one group for a story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.topic import Evidence
from watcher.model.triage import Target, TargetKind


@dataclass(slots=True, kw_only=True)
class HitRow:
    """An entry and its hits; the first leads."""

    hits: list[StoredHit]

    @property
    def hit(self) -> StoredHit:
        return self.hits[0]

    @property
    def stored(self) -> StoredEntry:
        return self.hits[0].stored

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence of all its topics and of the search."""
        return (*(evidence for hit in self.hits for evidence in hit.hit.evidence), *self.hit.searched)


@dataclass(slots=True, kw_only=True)
class HitGroup:
    """A story on a page: its leading row, and its other rows."""

    lead: HitRow
    others: list[HitRow] = field(default_factory=list)

    @property
    def judged_hits(self) -> list[StoredHit]:
        """Return the hit of each topic that the group shows to be judged: the lead's, then those of other rows."""
        by_topic: dict[str, StoredHit] = {}
        for row in (self.lead, *self.others):
            for hit in sorted(row.hits, key=lambda hit: hit.id):  # a topic keeps its place in every row
                by_topic.setdefault(hit.topic_id, hit)
        return list(by_topic.values())

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return the items of the group, and its story where all its reports are in the group."""
        entries = [Target(TargetKind.ENTRY, row.stored.id) for row in (self.lead, *self.others)]
        story = self.lead.hit.story_id
        if story is not None and len(entries) == self.lead.hit.story_size:
            return (*entries, Target(TargetKind.STORY, story))
        return tuple(entries)

    @property
    def is_weak(self) -> bool:
        """Return whether every hit of the group is weak: words alone speak for it."""
        return all(hit.is_weak for row in (self.lead, *self.others) for hit in row.hits)

    @property
    def is_rejected(self) -> bool:
        """Return whether the group was judged not relevant to every topic that it shows."""
        return all(hit.label == "irrelevant" for hit in self.judged_hits)


def group_by_entry(hits: Sequence[StoredHit]) -> list[HitRow]:
    """Return one row for the hits of each entry, in the order of the list."""
    rows: dict[int, HitRow] = {}
    for hit in hits:
        if hit.stored.id in rows:
            rows[hit.stored.id].hits.append(hit)
        else:
            rows[hit.stored.id] = HitRow(hits=[hit])
    return list(rows.values())


def group_by_story(rows: Sequence[HitRow], *, enabled: bool = True) -> list[HitGroup]:
    """Return one group for the rows of each story, in the order of the list; one for each row unless `enabled`."""
    groups: dict[tuple[str, int], HitGroup] = {}
    for row in rows:
        story = row.hit.story_id
        key = ("story", story) if enabled and story is not None else ("entry", row.stored.id)
        if key in groups:
            groups[key].others.append(row)
        else:
            groups[key] = HitGroup(lead=row)
    return list(groups.values())

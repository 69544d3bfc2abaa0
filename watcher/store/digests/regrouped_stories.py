"""Which stories of a digest a person split or merged, or undid either of, since a digest of the same name sent them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_, select

from watcher.model.regrouping import RegroupedPart, Regrouping
from watcher.store.database import Db
from watcher.store.digests.reported_stories import ReportedStory, find_reported_stories
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.stories.decisions import list_entries_decided_since
from watcher.store.stories.moves import StoryMove, list_moves_by_persons
from watcher.store.tables import digest_items, digests, hits
from watcher.store.tables import entries as entry_table


@dataclass(frozen=True, slots=True)
class _ReportedEntry:
    """An entry that digests of a name have sent, `digest_id` being the first, and the story that it is in now."""

    entry_id: int
    story_id: int
    title: str
    language: str | None
    digest_id: int


def find_regrouped_stories(db: Db, name: str, reported: Mapping[int, ReportedStory]) -> Mapping[int, Regrouping]:
    """Return which stories are grouped otherwise than the last digest of a name that reported each had them.

    What was done and undone between two digests leaves no trace: only how the reports are grouped is compared.
    """
    if not reported:
        return {}
    # Persons decide seldom: mostly this reads a small table and ends.
    since = min(last.composed_at for last in reported.values())
    moves = list_moves_by_persons(db, list_entries_decided_since(db, since), since)
    if not moves:
        return {}
    concerned = {story for move in moves for story in (move.from_story, move.to_story)}
    last_of = find_reported_stories(db, name, sorted(concerned))
    entries = _load_reported_entries(db, name, concerned, [move.entry_id for move in moves])
    regrouped = {
        id_: _compare(id_, _find_last(id_, moves, last_of), entries, moves) for id_ in reported.keys() & last_of
    }
    return {id_: regrouping for id_, regrouping in regrouped.items() if regrouping.parted or regrouping.joined}


def _find_last(story_id: int, moves: Sequence[StoryMove], last_of: Mapping[int, ReportedStory]) -> ReportedStory:
    """Return the last digest that reported a story, or one with which it shared entries meanwhile."""
    # A story that was joined to another and parted from it again was last seen as a part of that one.
    shared = {move.entry_id for move in moves if story_id in (move.from_story, move.to_story)}
    linked = {story for move in moves if move.entry_id in shared for story in (move.from_story, move.to_story)}
    return max((last_of[id_] for id_ in linked | {story_id} if id_ in last_of), key=lambda last: last.digest_id)


def _compare(
    story_id: int, last: ReportedStory, entries: Sequence[_ReportedEntry], moves: Sequence[StoryMove]
) -> Regrouping:
    known = _list_known(last, entries, moves)
    own = [(former, entry) for former, entry in known if entry.story_id == story_id]
    formers = {former for former, _entry in own}
    main = story_id if story_id in formers else own[0][0]
    others = [(entry.story_id, entry) for former, entry in known if former in formers and entry.story_id != story_id]
    joined = [(former, entry) for former, entry in own if former != main]
    return Regrouping(since=last.slot_at, parted=_list_parts(others), joined=_list_parts(joined))


def _list_known(
    last: ReportedStory, entries: Sequence[_ReportedEntry], moves: Sequence[StoryMove]
) -> list[tuple[int, _ReportedEntry]]:
    """Return the entries that were sent up to a digest, each with the story that it was in then."""
    # That is where the first move since has taken it from.
    former = {move.entry_id: move.from_story for move in reversed(moves) if move.moved_at > last.composed_at}
    return [
        (former.get(entry.entry_id, entry.story_id), entry) for entry in entries if entry.digest_id <= last.digest_id
    ]


def _list_parts(entries: Iterable[tuple[int, _ReportedEntry]]) -> tuple[RegroupedPart, ...]:
    """Return a part for each story, by the first of its entries."""
    first: dict[int, _ReportedEntry] = {}
    for story_id, entry in entries:
        first.setdefault(story_id, entry)
    return tuple(
        RegroupedPart(story_id=story_id, title=entry.title or f"story {story_id}", language=entry.language)
        for story_id, entry in first.items()
    )


_STORIES, _ENTRIES = bindparam("stories", type_=IDS), bindparam("entries", type_=IDS)
_REPORTED = (
    select(
        entry_table.c.id,
        entry_table.c.story_id,
        entry_table.c.title,
        entry_table.c.language,
        func.min(digest_items.c.digest_id),
    )
    .join_from(digest_items, hits, hits.c.id == digest_items.c.hit_id)
    .join(entry_table, entry_table.c.id == hits.c.entry_id)
    .join(digests, digests.c.id == digest_items.c.digest_id)
    .where(digest_items.c.name == bindparam("name"), digests.c.sent, entry_table.c.story_id.is_not(None))
    .where(or_(any_of(entry_table.c.story_id, _STORIES), any_of(entry_table.c.id, _ENTRIES)))
    .group_by(entry_table.c.id, entry_table.c.story_id, entry_table.c.title, entry_table.c.language)
    .order_by(entry_table.c.id)
)


def _load_reported_entries(
    db: Db, name: str, story_ids: Collection[int], entry_ids: Collection[int]
) -> tuple[_ReportedEntry, ...]:
    values = {"name": name, "stories": sorted(story_ids), "entries": sorted(set(entry_ids))}
    return tuple(_ReportedEntry(*row) for row in db.execute(_REPORTED, values))

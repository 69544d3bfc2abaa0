"""Puts the entries of new hits beside the reports of the same event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain

from sqlalchemy import bindparam, case, delete, select, update

from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.entries.mapping import StoryAssignment
from watcher.store.entries.queries import MAX_ENTRY_ID, find_first_id_since
from watcher.store.sql.bulk import any_of, bulk_insert, reserve_ids
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.interface import SqlDialect
from watcher.store.sql.types import IDS, bind_moment
from watcher.store.stories.candidates import ComparedReport, build_fresh_report, keep_reports, load_candidates
from watcher.store.tables import entries as entry_table
from watcher.store.tables import stories, story_marks
from watcher.stories.grouping import ComparePair, GroupedReport, ReportGroup, find_copies, find_joinable, group_reports
from watcher.stories.neighbours import choose_neighbours
from watcher.stories.pair import PairScore, score_pair
from watcher.stories.similarity import STORY_WINDOW, are_words_unlike

MAX_ENTRIES_PER_KEY = 50
"""How many entries one blocking key proposes, the newest that have it."""


def assign_stories(db: Db, known: Sequence[StoredEntry], now: datetime) -> None:
    """Choose stories for stored entries (`choose_stories`) and store the choice in their rows."""
    if assignments := choose_stories(db, known, now):
        rows = [
            {"entry": id_, "story": assignment.story_id, "is_copy": assignment.copy}
            for id_, assignment in assignments.items()
        ]
        db.execute(_SET_STORY, rows)


def choose_stories(db: Db, fresh: Sequence[StoredEntry], now: datetime) -> Mapping[int, StoryAssignment]:
    """Choose a story for each entry: that of a like report of the days before `now`, or one of its own.

    `now` is when the reports came: for entries found in the archive, that is in the past. A handful of statements for
    all, and the same outcome as one after the other: an entry is also compared with those before it in the batch. The
    entries need not be stored yet; the caller has taken the turn to add hits (`lock_hits`).
    """
    if not fresh:
        return {}
    fresh = sorted(fresh, key=lambda stored: stored.id)
    reports = [build_fresh_report(stored) for stored in fresh]
    # Blocking keys propose stored entries, words decide, and a report that joins no stored story begins one.
    nearest = _find_nearest(db, reports, now)
    candidate_ids = set(chain.from_iterable(nearest)) - {report.entry_id for report in reports}
    groups = _group(reports, nearest, load_candidates(db, candidate_ids))
    assigned = zip(groups, _store_groups(db, groups, now), strict=True)
    if stored_copies := sorted(chain.from_iterable(group.stored_copies for group in groups)):
        db.execute(_MARK_COPIES, {"ids": stored_copies})
    _add_blocking_keys(db, reports)
    assignments = {
        reports[number].entry_id: StoryAssignment(story_id, number in group.copies)
        for group, story_id in assigned
        for number in group.fresh
    }
    keep_reports(db, fresh, reports, [assignments[report.entry_id].story_id for report in reports])
    return assignments


def filter_without_story(db: Db, entry_ids: Sequence[int]) -> frozenset[int]:
    """Return those of some entries that belong to no story yet."""
    return frozenset(db.execute(_WITHOUT_STORY, {"ids": entry_ids}).scalars())


def prune_story_marks(db: Db, before: datetime) -> None:
    """Delete the blocking keys of entries that are too old for others to join their stories."""
    db.execute(delete(story_marks).where(story_marks.c.entry_id < find_first_id_since(db, before)))


@dataclass(frozen=True, slots=True)
class _Group:
    """Reports of one story: the fresh ones, by number, and those of them that repeat an earlier report.

    `stored_copies` are entries that repeat a fresh report which was published before them and came later.
    """

    fresh: tuple[int, ...]
    story_id: int | None
    copies: frozenset[int]
    stored_copies: tuple[int, ...]


def _group(
    fresh: Sequence[ComparedReport], nearest: Sequence[Sequence[int]], known: Mapping[int, ComparedReport]
) -> Sequence[_Group]:
    """Group fresh reports with each other and with the stored ones that they are nearest to."""
    reports = [*fresh, *(known[entry_id] for entry_id in sorted(known))]
    number_of = {report.entry_id: number for number, report in enumerate(reports)}
    compare, are_unlike = _build_comparison(reports)
    near = {number: [number_of[id_] for id_ in some if id_ in number_of] for number, some in enumerate(nearest)}
    joinable = find_joinable([report.story_id for report in reports], near, compare, are_unlike)
    if not joinable:
        # Most batches: every report begins a story, and nothing has to be ranked.
        return [_Group((number,), None, frozenset(), ()) for number in near]
    joined = _join(reports, {number: near[number] for number in joinable}, len(fresh), compare, are_unlike)
    return [_build_group(group, copies, reports, len(fresh)) for group, copies in joined]


def _join(
    reports: Sequence[ComparedReport],
    near: Mapping[int, Sequence[int]],
    count: int,
    compare: ComparePair,
    are_unlike: Callable[[int, int], bool],
) -> list[tuple[ReportGroup, frozenset[int]]]:
    """Return the groups that the fresh reports, the first `count`, are in, each with its copies."""
    grouped = [
        GroupedReport(key=report.key, story_id=report.story_id, is_fresh=number < count)
        for number, report in enumerate(reports)
    ]
    # Stored stories are joined with each other when their vectors are there, by more than words.
    groups = group_reports(grouped, near, compare, are_unlike=are_unlike, merge_stories=False)
    # Most of what was compared is another event: such groups are as they were.
    with_fresh = [group for group in groups if any(number < count for number in group.members)]
    return [(group, find_copies(grouped, group, compare)) for group in with_fresh]


def _build_group(group: ReportGroup, copies: frozenset[int], reports: Sequence[ComparedReport], count: int) -> _Group:
    """Return a group with its copies: numbers of its fresh reports, the first `count`, and ids of its stored ones."""
    return _Group(
        fresh=tuple(number for number in group.members if number < count),
        story_id=group.story_ids[0] if group.story_ids else None,
        copies=copies,
        stored_copies=tuple(reports[number].entry_id for number in copies if number >= count),
    )


def _build_comparison(reports: Sequence[ComparedReport]) -> tuple[ComparePair, Callable[[int, int], bool]]:
    """Return how two reports are compared, by their places, and the quicker test that most pairs end at."""

    @cache
    def compare_ordered(number: int, other: int) -> PairScore:
        return score_pair(reports[number].traits, reports[other].traits, None)

    def compare(number: int, other: int) -> PairScore:
        return compare_ordered(min(number, other), max(number, other))

    def are_unlike(number: int, other: int) -> bool:
        return are_words_unlike(reports[number].words, reports[other].words)

    return compare, are_unlike


_MOMENT = stories.c.first_at.type
_NOW = bindparam("now", type_=_MOMENT)
_WITHOUT_STORY = select(entry_table.c.id).where(
    any_of(entry_table.c.id, bindparam("ids", type_=IDS)), entry_table.c.story_id.is_(None)
)
_SET_STORY = (
    update(entry_table)
    .where(entry_table.c.id == bindparam("entry"))
    .values(story_id=bindparam("story"), copy=bindparam("is_copy"))
)
_MARK_COPIES = update(entry_table).where(any_of(entry_table.c.id, bindparam("ids", type_=IDS))).values(copy=True)
_GROW = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(
        first_at=case((stories.c.first_at > _NOW, _NOW), else_=stories.c.first_at),
        last_at=case((stories.c.last_at < _NOW, _NOW), else_=stories.c.last_at),
        size=stories.c.size + bindparam("more"),
    )
)


def _first_since(moment: str) -> str:
    first = f"SELECT id FROM entries WHERE first_seen_at >= :{moment} ORDER BY first_seen_at, id LIMIT 1"  # noqa: S608
    return f"coalesce(({first}), {MAX_ENTRY_ID})"


# The newest holders of each key: a word that is in every other headline would bring thousands and distinguish nothing.
_HELD = f"""
    SELECT entry_id FROM story_marks AS known
    WHERE known.mark = asked.blocking_key AND entry_id >= (SELECT {_first_since("since")})
        AND entry_id < (SELECT {_first_since("until")})
    ORDER BY entry_id DESC LIMIT {MAX_ENTRIES_PER_KEY}"""  # noqa: S608


@cache
def _select_holders(dialect: SqlDialect) -> str:
    """Return the statement that finds, for each blocking key, the latest entries that have it."""
    keys = dialect.values_of("keys", "blocking_key", "integer")
    return f"SELECT asked.blocking_key, {dialect.collect(_HELD, 'entry_id')} FROM {keys}"  # noqa: S608


def _find_nearest(db: Db, reports: Sequence[ComparedReport], now: datetime) -> list[list[int]]:
    """List, for each report, the entries that share the most blocking keys with it.

    Those of the batch are among them, so that a batch groups as its entries would one by one.
    """
    blocking_keys = sorted(set().union(*(report.blocking_keys for report in reports)))
    holders = _find_holders(db, blocking_keys, now)
    for report in reports:
        for key in report.blocking_keys:
            holders.setdefault(key, []).append(report.entry_id)
    return [choose_neighbours(report.entry_id, report.blocking_keys, holders) for report in reports]


def _find_holders(db: Db, blocking_keys: Sequence[int], now: datetime) -> dict[int, list[int]]:
    """Return, for each blocking key, the latest entries that have it."""
    if not blocking_keys:
        return {}
    dialect = get_dialect(db)
    since, until = (bind_moment(moment, db.dialect) for moment in (now - STORY_WINDOW, now + STORY_WINDOW))
    parameters = {"since": since, "until": until, "keys": dialect.bind_values(blocking_keys)}
    rows = dialect.fetch_rows(db, _select_holders(dialect), parameters)
    holders = dialect.read_collected([entry_ids for _key, entry_ids in rows])
    return {key: entry_ids for (key, _collected), entry_ids in zip(rows, holders, strict=True)}


def _store_groups(db: Db, groups: Sequence[_Group], now: datetime) -> list[int]:
    """Add the stories of new groups, count what stored ones gain, and return the story of each group."""
    # Ids are in order of discovery, whatever the order in which reports were published.
    new_groups = sorted((group for group in groups if group.story_id is None), key=lambda group: min(group.fresh))
    new_ids = _add_stories(db, [len(group.fresh) for group in new_groups], now)
    ids = dict(zip((group.fresh for group in new_groups), new_ids, strict=True))
    _grow_stories(db, {group.story_id: len(group.fresh) for group in groups if group.story_id and group.fresh}, now)
    return [ids[group.fresh] if group.story_id is None else group.story_id for group in groups]


def _add_stories(db: Db, sizes: Sequence[int], now: datetime) -> Sequence[int]:
    """Add stories of some sizes, and return their ids."""
    if not sizes:
        return ()
    ids = reserve_ids(db, stories, len(sizes))
    new_stories = zip(ids, sizes, strict=True)
    bulk_insert(db, stories, [{"id": id_, "first_at": now, "last_at": now, "size": size} for id_, size in new_stories])
    return ids


def _grow_stories(db: Db, more: Mapping[int, int], now: datetime) -> None:
    if more:
        db.execute(_GROW, [{"story": story_id, "more": size, "now": now} for story_id, size in sorted(more.items())])


def _add_blocking_keys(db: Db, reports: Sequence[ComparedReport]) -> None:
    # In the order of the table, so that pages are looked for once.
    pairs = sorted((key, report.entry_id) for report in reports for key in report.blocking_keys)
    if pairs:
        get_dialect(db).insert_values(db, story_marks, ("mark", "entry_id"), pairs)

"""Reports that a process keeps for comparing: whatever changed of them since is seen, whoever changed it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.moments import NOON
from tests.store.filled import bring, item, topics
from watcher.store.database import Database
from watcher.store.stories import candidates
from watcher.store.stories.candidates import MAX_KEPT_REPORTS, load_candidates
from watcher.store.stories.decisions import split_story
from watcher.store.tables import entries

HARBOUR = topics(harbour="harbour OR riverside")
TREATY = "Ministers sign harbour defence treaty in Riga after months of talks"
FLOOD = "Riverside flood barrier fails overnight, thousands leave their homes"


class _RolledBack(Exception):  # noqa: N818  (no error)
    pass


def titles(database: Database, *entry_ids: int) -> dict[int, str]:
    with database.write() as db:
        return {id_: report.traits.title for id_, report in load_candidates(db, entry_ids).items()}


def bring_one(database: Database, number: int, title: str, *, hours: int = 0) -> int:
    settled = bring(database, [item(number, title)], now=NOON + timedelta(hours=hours), matcher=HARBOUR)
    [stored] = [*settled.new, *settled.edited]
    return stored.id


def test_edit_by_another_process_is_seen(database: Database) -> None:
    entry_id = bring_one(database, 1, TREATY)
    assert titles(database, entry_id) == {entry_id: TREATY}

    with Database(database.url.render_as_string(hide_password=False)) as other:
        assert bring_one(other, 1, FLOOD, hours=1) == entry_id

    assert titles(database, entry_id) == {entry_id: FLOOD}


def test_split_by_another_process_is_seen(database: Database) -> None:
    first, second = (bring_one(database, number, TREATY, hours=number) for number in (1, 2))
    with database.write() as db:
        together = load_candidates(db, [first, second])
    assert together[first].story_id == together[second].story_id is not None

    with Database(database.url.render_as_string(hide_password=False)) as other, other.write() as db:
        split_story(db, together[first].story_id or 0, [second], NOON)

    with database.write() as db:
        apart = load_candidates(db, [first, second])
    assert apart[first].story_id == together[first].story_id
    assert apart[second].story_id not in {None, apart[first].story_id}


def test_entry_that_takes_the_id_of_one_that_was_rolled_back_has_its_own_text(sqlite: Database) -> None:
    known = bring_one(sqlite, 1, TREATY)

    def roll_back() -> None:
        with sqlite.write() as db:
            row = dict(db.execute(entries.select().where(entries.c.id == known)).mappings().one())
            row |= {"id": known + 1, "key_mark": 5, "title": FLOOD, "content_hash": b"flood"}
            db.execute(entries.insert(), row)
            assert load_candidates(db, [known + 1])[known + 1].traits.title == FLOOD
            raise _RolledBack

    with pytest.raises(_RolledBack):
        roll_back()

    assert bring_one(sqlite, 2, TREATY) == known + 1
    assert titles(sqlite, known + 1) == {known + 1: TREATY}


def test_report_that_is_kept_from_its_poll_is_the_one_that_another_process_reads(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = NOON - timedelta(minutes=3, microseconds=123_456)
    some = [
        item(1, TREATY, "Long talks in Riga. " * 200, published_at=published, language="en-GB"),
        item(2, f"  {TREATY}\n again", content="Harbour masters wait.", published_at=NOON + timedelta(days=9)),
        item(3, FLOOD, language=None),
    ]
    entry_ids = [entry.id for entry in bring(database, some, matcher=HARBOUR).new]

    with database.write() as db, monkeypatch.context() as patch:
        patch.setattr(candidates, "_read_candidate", None)
        kept = load_candidates(db, entry_ids)
    with Database(database.url.render_as_string(hide_password=False)) as other, other.write() as db:
        assert load_candidates(db, entry_ids) == kept
    assert kept.keys() == set(entry_ids)


def test_deleted_entries_and_those_without_a_story_are_no_candidates(database: Database) -> None:
    first, second, third = (bring_one(database, number, f"{TREATY} {number}", hours=number) for number in (1, 2, 3))
    assert titles(database, first, second, third).keys() == {first, second, third}

    with database.write() as db:
        db.execute(entries.delete().where(entries.c.id == first))
        db.execute(entries.update().where(entries.c.id == second).values(story_id=None))

    assert titles(database, first, second, third).keys() == {third}


def test_no_more_reports_are_kept_than_the_bound(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_KEPT_REPORTS > 4
    monkeypatch.setattr(candidates, "MAX_KEPT_REPORTS", 4)
    entry_ids = [bring_one(sqlite, number, f"{TREATY} {number}", hours=number) for number in range(1, 9)]
    for start in range(6):
        assert len(titles(sqlite, *entry_ids[start : start + 3])) == 3
        assert len(candidates._kept_reports[sqlite.engine]) <= 4

    assert len(titles(sqlite, *entry_ids)) == 8

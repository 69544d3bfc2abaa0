"""Read state and stars: kept for each person, undone exactly, and gone when they say nothing any more."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.store.filled import NOON, bring, item, topics
from watcher.app.triage.marks import mark_seen, mark_unread, parse_target, star
from watcher.errors import NotFoundError, UsageError
from watcher.match import parse_query
from watcher.model.results import Filters
from watcher.model.triage import UNREAD_FOR, Target, TargetKind
from watcher.store.database import Database
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.hits.facets import count_unread_hits
from watcher.store.hits.search import find_hits
from watcher.store.stories.decisions import merge_stories
from watcher.store.stories.queries import find_stories
from watcher.store.triage.marks import load_marks
from watcher.store.triage.readers import load_reader, record_visit

WATCHED = topics(eyes="eyes", harbour="harbour")
ANN, BEN = "Ann", "Ben"
LATER = NOON + timedelta(minutes=10)
SAID = "Senior officials of the Five Eyes alliance review which intelligence they pass on, three of them say."


def fill(database: Database) -> None:
    """Store two reports of one story, and one of another, within the last hour."""
    bring(database, [item(0, "Weather")], now=NOON - timedelta(hours=2), matcher=WATCHED)
    items = [item(0, "Weather"), item(1, "Five Eyes weigh limits on intelligence", SAID)]
    bring(database, items, now=NOON - timedelta(minutes=30), matcher=WATCHED)
    more = [*items, item(2, "Five Eyes weigh limits on intelligence, say officials", SAID + " Ottawa will meet.")]
    bring(database, more, now=NOON - timedelta(minutes=20), matcher=WATCHED)
    bring(database, [*more, item(3, "Harbour closed by fog")], now=NOON - timedelta(minutes=10), matcher=WATCHED)


def list_unread_titles(database: Database, person: str, **filters: object) -> set[str]:
    with database.read() as db:
        reader = load_reader(db, person, LATER)
        return {hit.title for hit in find_hits(db, Filters(unread_by=reader, **filters)).items}  # type: ignore[arg-type]


def list_unread_sizes(database: Database, person: str) -> list[int]:
    with database.read() as db:
        return [story.size for story in find_stories(db, Filters(unread_by=load_reader(db, person, LATER))).items]


def find_entry(database: Database, words: str) -> Target:
    with database.read() as db:
        return Target(TargetKind.ENTRY, next(hit.stored.id for hit in find_hits(db).items if words in hit.title))


def find_story(database: Database, size: int) -> Target:
    with database.read() as db:
        return Target(TargetKind.STORY, next(story.id for story in find_stories(db).items if story.size == size))


def test_what_one_person_has_seen_is_unread_for_the_others(database: Database) -> None:
    fill(database)

    with database.write() as db:
        mark_seen(db, ANN, [find_entry(database, "Harbour")], LATER)

    assert list_unread_titles(database, ANN, topics=("harbour",)) == set()
    assert list_unread_titles(database, BEN, topics=("harbour",)) == {"Harbour closed by fog"}


def test_a_story_is_seen_with_its_reports_and_once_all_its_reports_are(database: Database) -> None:
    fill(database)

    with database.write() as db:
        mark_seen(db, ANN, [find_story(database, 2)], LATER)
        mark_seen(db, BEN, [find_entry(database, "on intelligence, say")], LATER)
    assert list_unread_titles(database, ANN) == {"Harbour closed by fog"}
    assert list_unread_sizes(database, BEN) == [1, 2]
    with database.write() as db:
        first = next(hit for hit in find_hits(db).items if hit.title.endswith("on intelligence"))
        mark_seen(db, BEN, [Target(TargetKind.ENTRY, first.stored.id)], LATER)

    assert list_unread_sizes(database, ANN) == [1]
    assert list_unread_sizes(database, BEN) == [1]


def test_a_new_report_makes_a_seen_story_unread_again(database: Database) -> None:
    fill(database)
    story = find_story(database, 2)
    with database.write() as db:
        mark_seen(db, ANN, [story], NOON)

    again = [item(4, "Five Eyes weigh limits on intelligence, say three officials", SAID + " Wellington too.")]
    bring(database, again, now=NOON + timedelta(minutes=2), matcher=WATCHED)

    assert 3 in list_unread_sizes(database, ANN)
    assert list_unread_titles(database, ANN, topics=("eyes",)) == {again[0].title}


def test_what_came_after_the_list_was_shown_stays_unread(database: Database) -> None:
    fill(database)

    with database.write() as db:
        shown_at = NOON - timedelta(minutes=25)
        changed = mark_seen(db, ANN, [find_story(database, 2)], LATER, until=shown_at)

    assert [target.kind for target in changed] == [TargetKind.ENTRY]
    assert 2 in list_unread_sizes(database, ANN)


def test_marking_reports_what_was_unread_so_that_undoing_leaves_the_rest(database: Database) -> None:
    fill(database)
    harbour, eyes = find_entry(database, "Harbour"), find_entry(database, "on intelligence, say")
    with database.write() as db:
        mark_seen(db, ANN, [harbour], LATER)

        changed = mark_seen(db, ANN, [harbour, eyes], LATER)
        mark_unread(db, ANN, changed, LATER)

    assert changed == (eyes,)
    assert list_unread_titles(database, ANN, topics=("harbour",)) == set()
    assert "Five Eyes weigh limits on intelligence, say officials" in list_unread_titles(database, ANN)


def test_stars_and_searches_narrow_a_list_together(database: Database) -> None:
    fill(database)
    eyes = find_entry(database, "on intelligence, say")

    with database.write() as db:
        star(db, ANN, [eyes, find_entry(database, "Harbour")], starred=True, now=LATER)
        star(db, ANN, [find_entry(database, "Harbour")], starred=False, now=LATER)

    with database.read() as db:
        query = parse_query("officials")
        reader = load_reader(db, ANN, LATER)
        hits = find_hits(db, Filters(starred_by=ANN, unread_by=reader), query=query).items
        assert [hit.stored.id for hit in hits] == [eyes.id]
        assert find_hits(db, Filters(starred_by=BEN)).items == ()


def test_a_star_stays_with_a_story_that_was_joined_to_another(database: Database) -> None:
    fill(database)
    small, large = find_story(database, 1), find_story(database, 2)
    with database.write() as db:
        star(db, ANN, [small], starred=True, now=LATER)
        merge_stories(db, large.id, small.id, LATER)

        assert load_marks(db, ANN, TargetKind.STORY, [large.id])[large.id].starred


def test_the_count_of_unread_hits_is_that_of_the_list(database: Database) -> None:
    fill(database)
    with database.write() as db:
        mark_seen(db, ANN, [find_entry(database, "Harbour")], LATER)

    with database.read() as db:
        reader = load_reader(db, ANN, LATER)
        counted = count_unread_hits(db, Filters(), reader)

    assert counted == len(list_unread_titles(database, ANN)) == 2


def test_what_is_old_is_seen_and_its_rows_are_pruned(database: Database) -> None:
    fill(database)
    harbour = find_entry(database, "Harbour")
    with database.write() as db:
        mark_seen(db, ANN, [harbour], LATER)
        mark_unread(db, BEN, [harbour], LATER)
    after = LATER + UNREAD_FOR + timedelta(days=1)

    prune_database(database, Retention(), after)

    with database.read() as db:
        assert load_marks(db, ANN, TargetKind.ENTRY, [harbour.id]) == {}
        assert find_hits(db, Filters(unread_by=load_reader(db, BEN, after))).items == ()


def test_a_starred_entry_outlives_the_retention(database: Database) -> None:
    fill(database)
    with database.write() as db:
        star(db, ANN, [find_entry(database, "Harbour")], starred=True, now=LATER)

    prune_database(database, Retention(), LATER + timedelta(days=2_000))

    with database.read() as db:
        assert [hit.title for hit in find_hits(db).items] == ["Harbour closed by fog"]


def test_a_visit_begins_after_half_an_hour_without_one(database: Database) -> None:
    for minutes in (0, 5, 20, 80):
        with database.write() as db:
            record_visit(db, ANN, NOON + timedelta(minutes=minutes))

    with database.read() as db:
        reader = load_reader(db, ANN, NOON + timedelta(minutes=81))

    assert reader.last_visit_at == NOON + timedelta(minutes=20)
    assert reader.seen_before == NOON - timedelta(days=1)


def test_two_people_who_mark_and_star_at_once_lose_nothing(database: Database) -> None:
    fill(database)
    harbour = find_entry(database, "Harbour")
    gate = threading.Barrier(4)

    def work(person: str) -> None:
        gate.wait(10)
        with database.write() as db:
            mark_seen(db, person, [harbour], LATER)
            star(db, person, [harbour], starred=True, now=LATER)

    threads = [threading.Thread(target=work, args=(person,)) for person in (ANN, BEN, ANN, BEN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with database.read() as db:
        for person in (ANN, BEN):
            mark = load_marks(db, person, TargetKind.ENTRY, [harbour.id])[harbour.id]
            assert mark.starred
            assert mark.seen_at == LATER


@pytest.mark.parametrize("text", ["entry", "entry:", "entry:0", "entry:-1", "entry:1x", "hit:1", "story:9e9", ""])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_target(text)


@pytest.mark.parametrize("kind", TargetKind)
def test_what_is_not_stored_cannot_be_marked(database: Database, kind: TargetKind) -> None:
    with database.write() as db, pytest.raises(NotFoundError):
        mark_seen(db, ANN, [Target(kind, 99)], NOON)
    with database.write() as db, pytest.raises(NotFoundError):
        star(db, ANN, [Target(kind, 99)], starred=True, now=NOON)

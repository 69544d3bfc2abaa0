"""What identity promises holds from the document to the database, of either kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from tests.pipeline.served import HOUR, NOON, News, Served
from watcher.model.feed import IDENTITY_VERSION
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.entries.queries import load_entries_after
from watcher.store.feeds.poll_history import load_polls
from watcher.store.tables import aliases, entries

PAGE = "https://yard.example/log"
NUMBERS = count()


@pytest.fixture
def served(database: Database) -> Served:
    return Served(database)


def release(number: int) -> News:
    place = f"{PAGE}#v{number}"
    return News(f"Release {number}", guid=place, link=place, text=f"Brings {number}.")


def story(number: int) -> News:
    return News(
        f"Story {number}", guid=f"g{number}", link=f"https://yard.example/{number}", text="All day.",
        date=NOON - number * HOUR,
    )  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([release(n) for n in range(4)], id="places of a page"),
        pytest.param([replace(release(n), guid=None) for n in range(4)], id="places of a page without guids"),
        pytest.param([replace(story(n), guid=None, link=PAGE) for n in range(4)], id="one link"),
        pytest.param([replace(story(n), guid="same", link=PAGE, date=NOON) for n in range(4)], id="one of everything"),
        pytest.param([replace(story(1), text=f"{n} ships.") for n in range(4)], id="texts"),
        pytest.param([replace(story(1), guid=None, text=f"{n} ships.") for n in range(4)], id="texts without guids"),
    ],
)
def test_items_are_entries_each_and_stay_so_in_every_order(served: Served, document: list[News]) -> None:
    assert len(served.poll(*document).new) == len(document)

    for again in (document, document[::-1], document[:1], document[1:], document):
        settled = served.poll(*again)
        assert (settled.new, settled.edited, settled.lost, settled.merged) == ((), (), 0, 0)
    assert len(served.titles) == len(document)


def test_a_place_of_a_page_that_comes_later_is_news(served: Served) -> None:
    served.poll(*(release(n) for n in range(3)))

    settled = served.poll(release(9), *(release(n) for n in range(3)))

    assert [(stored.entry.item.title, stored.baseline) for stored in settled.new] == [("Release 9", False)]
    assert settled.edited == ()


def test_repetitions_are_counted_in_the_history_and_for_the_feed(served: Served) -> None:
    served.poll(story(1), story(1), story(2))
    settled = served.poll(story(3), story(1), story(1), story(2))

    with served.database.read() as db:
        history = load_polls(db, served.feed.id)
    assert [len(settled.new), settled.merged] == [1, 1]
    assert [poll.merged for poll in history] == [1, 1]
    assert served.feed.stats.merged == 1
    served.poll(story(3), story(2))
    assert served.feed.stats.merged == 0


def test_repetitions_that_are_written_otherwise_are_counted_while_the_first_is_known_by_its_mark(
    served: Served,
) -> None:
    spelt_otherwise = replace(story(1), link="http://yard.example/1/")
    for fresh in range(5, 9):
        settled = served.poll(story(fresh), story(1), spelt_otherwise)
        assert (len(settled.new), settled.merged) == (2 if fresh == 5 else 1, 1)
    assert len(served.titles) == 5


def test_an_item_known_by_its_mark_hides_no_other_with_its_id(served: Served) -> None:
    served.poll(story(1), story(2))

    settled = served.poll(replace(story(1), title="Another story"), story(1), story(2))

    assert served.repeated == [False, True, True]
    assert [stored.entry.item.title for stored in settled.new] == ["Another story"]
    assert [served.poll(*some).new for some in ([story(1)], [replace(story(1), title="Another story")])] == [(), ()]
    assert len(served.titles) == 3


def test_an_item_known_by_its_mark_hides_no_other_with_its_id_and_headline(served: Served) -> None:
    served.poll(story(1), story(2))

    settled = served.poll(replace(story(1), text="Only at noon."), story(1), story(2))

    assert [stored.entry.item.summary for stored in settled.new] == ["Only at noon."]
    assert served.poll(story(1), replace(story(1), text="Only at noon."), story(2)).new == ()


def test_ids_that_change_all_the_time_leave_one_alias_behind(served: Served) -> None:
    for number in range(6):
        settled = served.poll(*(replace(story(n), guid=f"{number}-{n}") for n in range(5)))
        assert len(settled.new) == (5 if number == 0 else 0)

    with served.database.read() as db:
        assert db.execute(select(func.count()).select_from(aliases)).scalar() == 5
    assert served.feed.document.id_changes >= 2
    assert len(served.titles) == 5


def test_what_was_pruned_under_a_shared_id_does_not_return(served: Served) -> None:
    first, two = (replace(story(n), guid="same", link=PAGE) for n in range(2))
    served.poll(first, two)
    served.now += timedelta(days=2)
    kept = Retention(entries=timedelta(days=1), hits=timedelta(days=1))
    prune_database(served.database, kept, served.now)
    assert served.titles == []

    assert [served.poll(*some).new for some in ([first, two], [two], [first], [two, first])] == [()] * 4


def test_what_was_pruned_under_a_changed_id_does_not_return(served: Served) -> None:
    served.poll(*(story(n) for n in range(5)))
    renamed = [replace(story(n), guid=f"new-{n}") for n in range(5)]
    served.poll(*renamed)
    served.now += timedelta(days=2)
    kept = Retention(entries=timedelta(days=1), hits=timedelta(days=1))
    prune_database(served.database, kept, served.now)

    assert served.poll(*renamed).new == ()


def test_a_delta_brings_the_second_item_of_an_id(served: Served) -> None:
    first, two = (replace(story(n), guid="same", link=PAGE) for n in range(2))
    served.poll(first)
    assert [len(served.poll(two, first, status=226).new), len(served.poll(two, status=226).new)] == [1, 0]

    assert served.poll(first, two).new == ()


def test_the_id_of_an_entry_is_stored_once(served: Served) -> None:
    long = "https://yard.example/" + "a" * 300
    served.poll(
        News("Permalink", guid=f"{long}1", link=f"{long}1"),
        News("Permalink with a slash", guid=f"{long}2/", link=f"{long}2/"),
        News("Other guid", guid=f"{long}?p=3", link=f"{long}3"),
        News("No address", guid="urn:4", link=f"{long}4"),
    )

    with served.database.read() as db:
        rows = db.execute(select(entries.c.key, entries.c.guid, entries.c.url_mark).order_by(entries.c.id)).all()
        stored = [entry.entry.key for entry in load_entries_after(db)]
    assert [row.key for row in rows] == [None] * 4
    assert [row.guid for row in rows] == [None, None, f"{long}?p=3", "urn:4"]
    assert rows[0].url_mark is None
    assert stored == [f"guid:{long}1", f"guid:{long}2/", f"guid:{long}?p=3", "guid:urn:4"]


def test_a_poll_of_what_is_known_asks_once(sqlite: Database) -> None:
    served = Served(sqlite)
    shared = [replace(story(n), guid="same") for n in range(20, 23)]
    served.poll(*(story(n) for n in range(9)), *shared)
    asked: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "WITH asked" in statement:
            asked.append(statement)

    event.listen(sqlite.backend.writer, "before_cursor_execute", note)
    served.poll(*(story(n) for n in range(1, 9)), *shared)
    served.poll(*(story(n) for n in range(1, 8)), replace(story(8), title="Edited"), *shared)

    assert len(asked) == 2


def test_new_feeds_begin_with_todays_rules(served: Served) -> None:
    assert served.feed.document.identity_version == IDENTITY_VERSION
    served.poll(story(1))
    assert served.feed.document.identity_version == IDENTITY_VERSION


_PAGES = [None, "https://yard.example/a", "http://yard.example/a/", f"{PAGE}#v1", f"{PAGE}#v2", f"{PAGE}?oc=1"]
_NEWS = st.builds(
    News,
    st.sampled_from(["Ferry runs aground", "Ministers resign", "FOG", "Fog"]),
    st.sampled_from(["g1", "g2", *_PAGES]),
    st.sampled_from(_PAGES),
    st.sampled_from(["", "One ship.", "Two ships."]),
    st.sampled_from([None, NOON, NOON - HOUR]),
)
_POLLS = st.lists(st.lists(_NEWS, max_size=7), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def shelf_database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path: Path = tmp_path_factory.mktemp("laws") / "watcher.db"
    database = Database(f"sqlite:///{path}", durable=False)
    upgrade_schema(database)
    return database


@given(_POLLS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_served_is_held_and_what_is_held_is_no_news(
    shelf_database: Database, documents: list[list[News]], chance: object
) -> None:
    served = Served(shelf_database, f"https://post.example/{next(NUMBERS)}")
    for document in documents:
        served.poll(*document)
    assert served.texts >= {(item.title, item.text) for document in documents for item in document}
    kept = served.titles

    last = list(documents[-1])
    for _turn in range(3):
        chance.shuffle(last)  # type: ignore[attr-defined]
        settled = served.poll(*last)
        assert (settled.new, settled.edited, settled.lost) == ((), (), 0)
    served.poll(*last[:2])
    assert served.titles == kept

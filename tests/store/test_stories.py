"""Stories on both databases: reports of one event find each other, however they arrive."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from tests.store.filled import NOON, bring, item, topics
from watcher.errors import UsageError
from watcher.model.entry import Item
from watcher.model.story import StoryOrder
from watcher.pipeline.poller import IngestResult
from watcher.store.database import Database
from watcher.store.hits.search import find_hits
from watcher.store.stories.placement import prune_story_marks
from watcher.store.stories.queries import find_stories
from watcher.stories import STORY_WINDOW

EVENTS = (
    "Ministers sign harbour defence treaty in Riga after months of talks",
    "Riverside flood barrier fails overnight, thousands leave their homes",
    "Parliament rejects budget as coalition partners walk out of chamber",
)
TURNS = ("", " - live", ", officials say", " (updated)", ": what we know")
EVERYTHING = topics(all="harbour OR riverside OR parliament OR quarry")


def reports() -> list[Item]:
    numbers = count(1)
    return [item(next(numbers), event + turn) for turn in TURNS for event in EVENTS] + [
        item(next(numbers), "Quarry strike ends with higher wages for night shift crews")
    ]


def grouped(database: Database) -> list[list[str]]:
    with database.read() as db:
        return [[report.title for report in story.reports] for story in reversed(find_stories(db).items)]


def test_a_batch_is_grouped_as_its_entries_would_be_one_by_one(database: Database, sqlite_too: Database) -> None:
    bring(database, reports(), matcher=EVERYTHING)
    for number, each in enumerate(reports()):
        bring(sqlite_too, [each], now=NOON + timedelta(seconds=number), matcher=EVERYTHING)

    assert grouped(database) == grouped(sqlite_too)
    assert [len(titles) for titles in grouped(database)] == [5, 5, 5, 1]


def test_a_story_counts_its_tellings_over_several_polls(database: Database) -> None:
    first, *others = reports()[::3][:4]
    bring(database, [first], matcher=EVERYTHING)
    bring(database, [first, *others], now=NOON + timedelta(hours=1), matcher=EVERYTHING)

    with database.read() as db:
        [story] = find_stories(db).items
        assert story.size == len(story.reports) == 4
        assert story.last_at == NOON + timedelta(hours=1)
        assert {hit.story_size for hit in find_hits(db).items} == {4}


def test_what_lies_beyond_the_window_is_another_story_though_its_marks_are_still_there(database: Database) -> None:
    bring(database, [item(1, EVENTS[0])], matcher=EVERYTHING)

    bring(database, [item(2, EVENTS[0])], now=NOON + STORY_WINDOW + timedelta(seconds=1), matcher=EVERYTHING)

    assert grouped(database) == [[EVENTS[0]], [EVENTS[0]]]


def test_marks_of_what_can_no_longer_be_joined_are_forgotten_and_later_ones_kept(database: Database) -> None:
    bring(database, [item(1, EVENTS[0])], matcher=EVERYTHING)
    later: IngestResult = bring(database, [item(2, EVENTS[1])], now=NOON + STORY_WINDOW, matcher=EVERYTHING)

    with database.write() as db:
        prune_story_marks(db, NOON + timedelta(seconds=1))

    assert len(later.hits) == 1
    bring(database, [item(3, EVENTS[1] + ", officials say")], now=NOON + STORY_WINDOW, matcher=EVERYTHING)
    assert [len(titles) for titles in grouped(database)] == [1, 2]


@pytest.mark.parametrize("order", StoryOrder)
def test_pages_of_every_order_hold_each_story_once(database: Database, order: StoryOrder) -> None:
    bring(database, reports(), matcher=EVERYTHING)
    with database.read() as db:
        whole = [story.id for story in find_stories(db, order=order).items]
        paged, cursor = [], None
        for _page in whole:
            page = find_stories(db, order=order, limit=1, cursor=cursor)
            paged += [story.id for story in page.items]
            cursor = page.next_cursor

        assert paged == whole
        assert len(whole) == 4
        assert cursor is None


def test_story_with_the_latest_report_is_the_first_that_is_active(database: Database) -> None:
    bring(database, [item(1, EVENTS[0]), item(2, EVENTS[1])], matcher=EVERYTHING)
    bring(database, [item(3, EVENTS[0] + ", officials say")], now=NOON + timedelta(hours=1), matcher=EVERYTHING)

    with database.read() as db:
        active = find_stories(db, order=StoryOrder.ACTIVE).items
        newest = find_stories(db, order=StoryOrder.NEW).items

    assert [story.reports[0].title for story in active] == [EVENTS[0], EVENTS[1]]
    assert [story.reports[0].title for story in newest] == [EVENTS[1], EVENTS[0]]


def test_cursor_of_another_order_is_refused(database: Database) -> None:
    bring(database, reports(), matcher=EVERYTHING)
    with database.read() as db:
        cursor = find_stories(db, order=StoryOrder.ACTIVE, limit=1).next_cursor

        with pytest.raises(UsageError):
            find_stories(db, order=StoryOrder.OUTLETS, cursor=cursor)

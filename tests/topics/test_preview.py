"""What a query would find before it is saved: the same as what a search and a diff find, and its stories."""

from __future__ import annotations

import itertools

import pytest

from tests.store.filled import NOON, topics
from tests.topics.news import DAY, judge, print_news, titles
from watcher.match import Query, parse_query
from watcher.store.database import Database
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.diff import diff_queries
from watcher.topics.preview import QueryPreview, preview_query
from watcher.topics.query_test import search_archive

NEWS = (
    "Ferry to the outer islands is cancelled until Monday | Strong winds keep the ship in the harbour, operators say.",
    "Island ferry is cancelled until Monday after a storm | Strong winds keep the ship in the harbour, operators said.",
    "Harbour reopens", "Harbour, the film", "Ferry, the film", "Budget passes", "Night ferry runs late",
)  # fmt: skip
QUERIES = ("harbour", "(harbour NOT film) OR ferry", "ferry NOT film", "NOT film", "budget", "nothing_of_this")


def preview(database: Database, before: str | None, after: str | None, limit: int = 20) -> QueryPreview:
    return preview_query(ArchiveScan(database), "port", _parse(before), _parse(after), limit=limit)


def _parse(query: str | None) -> Query | None:
    return parse_query(query) if query is not None else None


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(QUERIES[:3] + QUERIES[4:], 2)))
def test_a_preview_finds_what_a_search_and_a_diff_find(database: Database, before: str, after: str) -> None:
    print_news(database, *NEWS)

    shown = preview(database, before, after)

    diff = diff_queries(ArchiveScan(database), "port", parse_query(before), parse_query(after))
    search = search_archive(ArchiveScan(database), parse_query(after), limit=100)
    assert (shown.gained, shown.lost, shown.lost_labels) == (diff.gained, diff.lost, diff.lost_labels)
    assert (shown.kept, shown.gained_count, shown.lost_count) == (diff.kept, diff.gained_count, diff.lost_count)
    assert (shown.count, shown.tested) == (search.count, search.tested)
    reports = [report for story in shown.stories for report in story.reports]
    assert sorted(reports, key=lambda report: report.stored.id) == sorted(search.matches, key=lambda r: r.stored.id)


def test_reports_of_one_event_are_one_story(database: Database) -> None:
    print_news(database, *NEWS)

    shown = preview(database, None, "ferry")

    assert [len(story.reports) for story in shown.stories].count(2) == 1
    assert len(shown.stories) == 3
    assert shown.count == 4
    assert not shown.is_compared
    assert (shown.gained, shown.gained_count, shown.lost) == ((), 0, ())


def test_a_story_that_is_stored_is_named(database: Database) -> None:
    print_news(database, NEWS[0], matcher=topics(port="ferry"))
    print_news(database, NEWS[1], at=NOON + DAY / 24)

    [story] = preview(database, "ferry", "islands OR island").stories

    assert story.story_id is not None
    assert titles([report.stored for report in story.reports]) == [line.split(" |")[0] for line in NEWS[1::-1]]


def test_without_a_query_everything_is_lost_and_nothing_found(database: Database) -> None:
    print_news(database, *NEWS)

    shown = preview(database, "film", None)

    assert (shown.count, shown.stories, shown.lost_count) == (0, (), 2)
    assert preview(database, None, None).tested == 0


def test_a_judged_loss_is_listed_however_many_others_there_are(sqlite: Database) -> None:
    print_news(sqlite, *[f"Harbour film {n}" for n in range(30)], matcher=topics(port="harbour"))
    judge(sqlite, "port", "Harbour film 0", "relevant")

    shown = preview(sqlite, "harbour", "ferry", limit=3)

    assert [change.label for change in shown.lost] == [None, None, None, "relevant"]
    assert shown.lost_labels == {"relevant": 1}


def test_a_preview_that_runs_out_of_time_says_how_far_back_it_went(sqlite: Database) -> None:
    print_news(sqlite, *[f"Ferry {n}" for n in range(30)])
    print_news(sqlite, "Ferry of today", at=NOON + DAY)

    shown = preview_query(ArchiveScan(sqlite), "", None, parse_query("ferry"), limit=3, is_over=lambda: True)

    assert (shown.count, shown.tested) == (1, 1)
    assert shown.searched_back_to == NOON + DAY

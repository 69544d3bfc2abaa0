"""Lists whose statements are kept: they hold what is stored now, page by page, as one long list does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Select, select

from tests.store.filled import NOON, bring, item, topics
from watcher.match import match_entry, parse_query
from watcher.model.results import Filters
from watcher.model.story import StoryOrder
from watcher.model.triage import Reader, Target, TargetKind
from watcher.store.database import Database
from watcher.store.hits.facets import count_hit_facets, count_unread_hits
from watcher.store.hits.search import find_hits
from watcher.store.sql import kept_statements
from watcher.store.sql.kept_statements import KeptStatements
from watcher.store.stories.facets import count_unread_stories
from watcher.store.stories.queries import find_stories, load_story
from watcher.store.tables import hits
from watcher.store.triage.marks import set_seen

FEEDS = ("https://a.example/feed", "https://b.example/feed")
WATCHED = topics(harbour="harbour", strike="strike", port="harbour OR port")
FILTERS = (Filters(), Filters(topics=("harbour",)), Filters(topics=("port", "strike")), Filters(baseline=False))


def add_news(database: Database, first: int, count: int = 12) -> None:
    for number in range(first, first + count):
        title = f"{'Harbour' if number % 3 else 'Port'} strike {number} ends at the quay of pier{number % 5}"
        now = NOON + timedelta(minutes=number)
        bring(database, [item(number, title, f"word{number}")], now=now, matcher=WATCHED, feed=FEEDS[number % 2])


@pytest.mark.parametrize("order", ["new", "score"])
def test_a_list_of_hits_goes_on_with_what_came_since(database: Database, order: str) -> None:
    for first in (0, 12):
        add_news(database, first)
        for filters in FILTERS:
            ids: list[int] = []
            cursor = None
            with database.read() as db:
                whole = find_hits(db, filters, order=order, limit=1_000).items
                while cursor is not None or not ids:
                    page = find_hits(db, filters, order=order, limit=5, cursor=cursor)
                    ids += [hit.id for hit in page.items]
                    cursor = page.next_cursor

            assert ids == [hit.id for hit in whole]
            assert all(hit.topic_id in filters.topics for hit in whole if filters.topics)
            assert any(hit.stored.title.startswith(f"Harbour strike {first + 11} ") for hit in whole)


@pytest.mark.parametrize("order", StoryOrder)
def test_a_list_of_stories_goes_on_with_what_came_since(database: Database, order: StoryOrder) -> None:
    for first in (0, 12):
        add_news(database, first)
        for filters in FILTERS:
            ids: list[int] = []
            cursor = None
            with database.read() as db:
                whole = find_stories(db, filters, order=order, limit=1_000).items
                while cursor is not None or not ids:
                    page = find_stories(db, filters, order=order, limit=1, cursor=cursor)
                    ids += [story.id for story in page.items]
                    cursor = page.next_cursor

            assert ids == [story.id for story in whole]
            assert max(story.last_at for story in whole) == NOON + timedelta(minutes=first + 11)
            assert all(set(story.topics) & set(filters.topics) for story in whole if filters.topics)


def test_each_report_has_its_topics_in_order_of_its_hits_once(database: Database) -> None:
    add_news(database, 0)
    bring(database, [item(99, "Nothing that anybody watches")], now=NOON, matcher=topics(), feed=FEEDS[0])

    with database.read() as db:
        stories = find_stories(db).items
        hit_topics: dict[int, list[str]] = {}
        for hit in reversed(find_hits(db, limit=1_000).items):
            hit_topics.setdefault(hit.stored.id, []).append(hit.topic_id)
        bare = find_stories(db, with_topics=False).items
        alone = tuple(load_story(db, story.id) for story in stories)

    reports = [report for story in stories for report in story.reports]
    assert max(len(report.topics) for report in reports) > 1
    assert {report.entry_id: list(report.topics) for report in reports} == hit_topics
    assert alone == stories
    assert bare == tuple(
        replace(story, reports=tuple(replace(report, topics=()) for report in story.reports)) for story in stories
    )


def test_counts_are_those_of_the_reader_who_asks_and_of_what_is_stored_now(database: Database) -> None:
    """Nothing is unread before a reader's floor, nor what they have seen; each reader has moments of their own."""
    early = Reader(person="ann", seen_before=NOON + timedelta(minutes=3), seen_floor=NOON - timedelta(days=1))
    late = Reader(person="bob", seen_before=NOON, seen_floor=NOON + timedelta(minutes=15))
    for first in (0, 12):
        add_news(database, first)
        with database.write() as db:
            [newest] = find_hits(db, limit=1).items
            now = NOON + timedelta(minutes=first + 11)
            set_seen(db, "ann", [Target(TargetKind.ENTRY, newest.stored.id)], now, now)
        for filters in (*FILTERS, Filters(sources=FEEDS[:1]), Filters(since=NOON + timedelta(minutes=8))):
            for reader in (early, late, early):
                of_reader = replace(filters, unread_by=reader)
                with database.read() as db:
                    hits_counted = count_unread_hits(db, filters, reader)
                    stories_counted = count_unread_stories(db, filters, reader)
                    unread_entries = {hit.stored.id for hit in find_hits(db, of_reader, limit=1_000).items}
                    unread_stories = find_stories(db, of_reader, limit=1_000).items
                    facets = count_hit_facets(db, filters)
                    passing = find_hits(db, filters, limit=1_000).items

                assert (hits_counted, stories_counted) == (len(unread_entries), len(unread_stories))
                assert facets.counted == len(passing)
                assert {value.value: value.count for value in facets.topics} == Counter(hit.topic_id for hit in passing)


@pytest.mark.parametrize("most_terms", [0, 100], ids=["scanned", "one by one"])
def test_a_search_shows_the_words_that_the_matcher_finds(
    database: Database, most_terms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.match.entry_matcher.MAX_TERMS_UNSCANNED", most_terms)
    add_news(database, 0)
    for text in ("word3 OR word7", "quay NOT pier1", '"strike 4" OR (port pier0)'):
        query = parse_query(text)
        with database.read() as db:
            everything = find_hits(db, limit=1_000).items
            for order in ("new", "score"):
                page = find_hits(db, query=query, order=order, limit=1_000)
                evidence = {hit.id: hit.searched for hit in page.items}
                assert evidence == {hit.id: words for hit in everything if (words := match_entry(query, hit.stored))}
                assert all(replace(hit, searched=()) in everything for hit in page.items)


def test_a_statement_is_built_once_for_filters_that_come_again() -> None:
    kept = KeptStatements[Select[tuple[int]]]()
    built: list[Filters] = []

    def get(filters: Filters, *others: object) -> Select[tuple[int]]:
        def build() -> Select[tuple[int]]:
            built.append(filters)
            return select(hits.c.id)

        return kept.get(filters, build, *others)

    assert get(Filters(topics=("a",))) is get(Filters(topics=("a",)))
    assert len({id(get(Filters(topics=("a",)), goes_on)) for goes_on in (True, False)}) == 2
    assert len(built) == 3


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param(Filters(since=NOON), id="since"),
        pytest.param(Filters(until=NOON), id="until"),
        pytest.param(Filters(sources=FEEDS[:1]), id="sources, whose feeds may change"),
        pytest.param(Filters(story=3), id="a story"),
        pytest.param(Filters(unread_by=Reader(person="ann", seen_before=NOON, seen_floor=NOON)), id="unread"),
    ],
)
def test_a_statement_of_what_hardly_comes_again_is_not_kept(filters: Filters) -> None:
    kept = KeptStatements[Select[tuple[int]]]()

    assert kept.get(filters, lambda: select(hits.c.id)) is not kept.get(filters, lambda: select(hits.c.id))


def test_kept_statements_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_statements, "MAX_KEPT_STATEMENTS", 3)
    kept = KeptStatements[Select[tuple[int]]]()

    for number in range(20):
        kept.get(Filters(topics=(f"topic-{number}",)), lambda: select(hits.c.id))

    assert len(kept._kept) <= 3

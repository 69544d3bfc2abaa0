"""Search means the same on either database, whichever way it is driven: what the matcher finds, newest first."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.store.filled import NOON, bring, item, topics
from watcher.match import match_entry, parse_query, required_terms
from watcher.model.results import Filters
from watcher.store.database import Database
from watcher.store.entries.fulltext_index import format_expression, list_matching_ids
from watcher.store.entries.queries import load_entries_after
from watcher.store.entries.search import search_entries
from watcher.store.hits.search import find_hits
from watcher.store.sql.fulltext import get_fulltext

WORDS = ("riga", "tides", "harbour", "eyes", "five", "café", "北京市", "C++", "don't", "U.S.", "e-mail")
FEEDS = ("https://a.example/feed", "https://b.example/feed")
INDEX = "watcher.store.entries.fulltext_index"
WATCHED = topics(eyes="eyes", harbour='harbour OR "five eyes"', riga="title:riga")
QUERIES = (
    "riga",
    '"five eyes"',
    '"eyes five"',
    "tides harbour",
    "tides OR e-mail",
    "eyes NOT five",
    "title:harbour",
    "har*",
    "北京",
    "café",
    "C++",
    "riga NEAR/3 tides",
    '"five eyes" OR ("riga" NOT title:tides)',
)


@pytest.fixture(scope="module")
def filled(shared_database: Database) -> Database:
    chance = random.Random(7)
    for number in range(120):
        title = " ".join(chance.choices(WORDS, k=3))
        summary = " ".join(chance.choices(WORDS, k=chance.randrange(0, 12)))
        new = item(number, title, summary, language=chance.choice(["en", "zh"]))
        bring(shared_database, [new], now=NOON + timedelta(minutes=number), matcher=WATCHED, feed=FEEDS[number % 2])
    return shared_database


_set_lookups = {
    "word first": lambda patch, _index: patch.setattr(f"{INDEX}.MAX_COUNTED_ENTRIES", 5_000),
    "filter first": lambda patch, _index: patch.setattr(f"{INDEX}.MAX_COUNTED_ENTRIES", 0),
    "filter first, then word": lambda patch, index: (
        patch.setattr(f"{INDEX}._FIRST_WINDOW", 1),
        patch.setattr(index, "count_lookups", lambda *_given: 20),
    ),
}


@pytest.mark.parametrize("way", _set_lookups)
@pytest.mark.parametrize(
    "filters",
    [
        pytest.param(Filters(), id="all"),
        pytest.param(Filters(topics=("eyes",)), id="a topic"),
        pytest.param(Filters(topics=("eyes", "riga")), id="two topics"),
        pytest.param(Filters(sources=FEEDS[:1]), id="a source"),
        pytest.param(Filters(topics=("harbour",), languages=("zh",)), id="a topic and a language"),
        pytest.param(Filters(topics=("harbour",), languages=("zh", "en")), id="a topic and two languages"),
        pytest.param(Filters(topics=("eyes",), sources=FEEDS[1:], baseline=False), id="a topic and a source"),
        pytest.param(Filters(sources=FEEDS, languages=("en",)), id="two sources"),
        pytest.param(Filters(sources=("nowhere.example",)), id="no source"),
        pytest.param(Filters(since=NOON + timedelta(minutes=30), until=NOON + timedelta(minutes=90)), id="a time"),
    ],
)
def test_searches_find_what_the_matcher_finds(
    filled: Database, filters: Filters, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.read() as db:
        _set_lookups[way](monkeypatch, get_fulltext(db))
    for written in QUERIES:
        query = parse_query(written)
        with filled.read() as db:
            everything = reversed(load_entries_after(db))
            hits_of_topic = {topic: {hit.stored.id for hit in find_hits(db, Filters(topics=(topic,)), limit=200).items}
                    for topic in filters.topics}  # fmt: skip
            wanted = [
                stored.id
                for stored in everything
                if match_entry(query, stored) is not None
                and (not filters.topics or any(stored.id in hits_of_topic[topic] for topic in filters.topics))
                and (not filters.sources or stored.entry.feed_url in filters.sources)
                and (not filters.languages or stored.entry.item.language in filters.languages)
                and (filters.baseline is None or stored.baseline == filters.baseline)
                and (filters.since is None or stored.first_seen_at >= filters.since)
                and (filters.until is None or stored.first_seen_at < filters.until)
            ]
            ids, cursor = [], None
            while True:
                page = search_entries(db, query, filters, limit=7, cursor=cursor)
                ids += [match.stored.id for match in page.items]
                if (cursor := page.next_cursor) is None:
                    break
            best = search_entries(db, query, filters, order="score", limit=200)
        assert ids == wanted, written
        assert {match.stored.id for match in best.items} == set(wanted), written


@pytest.mark.parametrize("common", [False, True], ids=["word first", "hits first"])
def test_hits_are_searched_as_entries_are(filled: Database, common: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.store.entries.fulltext_index.MAX_COUNTED_ENTRIES", 0 if common else 5_000)
    for filters in (Filters(), Filters(topics=("harbour",)), Filters(topics=("eyes",), sources=FEEDS[1:])):
        for written in QUERIES:
            query = parse_query(written)
            with filled.read() as db:
                everything = find_hits(db, filters, limit=1_000).items
                wanted = [hit.id for hit in everything if match_entry(query, hit.stored) is not None]
                ids, cursor = [], None
                while True:
                    page = find_hits(db, filters, query=query, limit=7, cursor=cursor)
                    ids += [hit.id for hit in page.items]
                    if (cursor := page.next_cursor) is None:
                        break
            assert ids == wanted, written


def test_a_rare_word_behind_a_filter_is_found_window_by_window(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One word stands in few of the newest entries and in most of the oldest: a window is too small, then too large."""
    monkeypatch.setattr("watcher.store.entries.fulltext_index.MAX_COUNTED_ENTRIES", 0)
    watched = topics(steady="steady")
    for first in range(0, 600, 200):
        numbers = range(first, first + 200)
        some = [item(n, "Steady news", "seldom" if n < 90 or n % 50 == 0 else "often") for n in numbers]
        bring(database, some, matcher=watched, feed=FEEDS[0])
    query = parse_query("seldom")
    with database.read() as db:
        wanted = [stored.id for stored in reversed(load_entries_after(db, limit=1_000)) if match_entry(query, stored)]
        for filters in (Filters(topics=("steady",)), Filters(sources=FEEDS[:1])):
            entry_ids: list[int] = []
            hit_entry_ids: list[int] = []
            cursor = None
            while cursor is not None or not entry_ids:
                entries = search_entries(db, query, filters, limit=3, cursor=cursor)
                entry_ids += [match.stored.id for match in entries.items]
                cursor = entries.next_cursor
            while cursor is not None or not hit_entry_ids:
                hits = find_hits(db, filters, query=query, limit=3, cursor=cursor)
                hit_entry_ids += [hit.stored.id for hit in hits.items]
                cursor = hits.next_cursor

            assert entry_ids == wanted
            assert hit_entry_ids == wanted
    assert len(wanted) == 100


def test_few_rows_that_are_left_are_looked_through_rather_than_all_matches_of_a_common_word(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One match in the newest fifty rows of a hundred: as many as are wanted would be expected among a thousand."""
    some = [item(n, "Steady news", "seldom" if n in (3, 80) else "often") for n in range(100)]
    bring(database, some, matcher=topics(steady="steady"), feed=FEEDS[0])
    query, filters = parse_query("seldom"), Filters(topics=("steady",))
    with database.read() as db:
        index = get_fulltext(db)
        monkeypatch.setattr(index, "count_lookups", lambda *_given: 300)
        monkeypatch.setattr(index, "list_rows", lambda *_given, **_options: pytest.fail("asked for all matches"))
        entries = search_entries(db, query, filters, limit=3).items
        hits = find_hits(db, filters, query=query, limit=3).items

    assert (len(entries), len(hits)) == (2, 2)


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        pytest.param(FEEDS[:1], FEEDS[:1], id="an address"),
        pytest.param(FEEDS, FEEDS, id="two addresses"),
        pytest.param((FEEDS[0], "https://nowhere.example/feed"), FEEDS[:1], id="an address, and one that is not known"),
        pytest.param(("https://nowhere.example/feed",), (), id="an address that is not known"),
        pytest.param((FEEDS[0], "b.example"), FEEDS, id="an address and a host"),
        pytest.param((FEEDS[0], FEEDS[0]), FEEDS[:1], id="an address twice"),
        pytest.param(("https://a.example/feed?token=***",), (), id="an address with something else hidden"),
    ],
)
def test_sources_are_found_by_address_or_by_what_else_they_are_called(
    filled: Database, sources: Sequence[str], found: Sequence[str]
) -> None:
    with filled.read() as db:
        urls = {stored.id: stored.entry.feed_url for stored in load_entries_after(db)}
        of_sources = search_entries(db, None, Filters(sources=tuple(sources)), limit=200).items

    assert {match.stored.id for match in of_sources} == {id_ for id_, url in urls.items() if url in found}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("riga " * 300 + "five eyes " + "riga " * 20, id="a word more often than places are kept"),
        pytest.param("five tides " * 9_000 + "five eyes", id="beyond the last place"),
        pytest.param("eyes five " * 260 + "five eyes", id="both words too often"),
    ],
)
def test_a_phrase_deep_in_a_long_text_is_found(database: Database, text: str) -> None:
    bring(database, [item(1, "Long read", text), item(2, "Short", "five tides eyes")])

    with database.read() as db:
        entries = search_entries(db, parse_query('"five eyes"'))

    assert [match.stored.entry.item.title for match in entries.items] == ["Long read"]


def test_newest_candidates_are_found_however_common_a_word_is(database: Database) -> None:
    """One word is everywhere, one in every 150th entry, one in old entries alone: PostgreSQL plans by how many."""
    for first in range(0, 2_000, 500):
        some = range(first, first + 500)
        bring(database, [item(n, "Steady news", f"{_seldom(n)} {_bygone(n)} end {n}") for n in some])
    if database.is_shared:
        with database.write() as db:
            db.execute(text("ANALYZE archive"))
    with database.read() as db:
        everything = load_entries_after(db, limit=5_000)
        for words in ("steady", "seldom", "bygone", '"bygone end"', '"end bygone"', "nowhere", "sel*"):
            query = parse_query(words)
            wanted = format_expression(db, required_terms(query))
            assert wanted is not None
            holding = [stored.id for stored in everything if match_entry(query, stored) is not None]
            for below, above in ((2**62, 0), (1_700, 0), (2**62, 1_650), (1_210, 40), (1, 0)):
                inside = sorted((id_ for id_ in holding if above < id_ < below), reverse=True)
                for limit in (1, 3, 40, 2_000):
                    ids = list_matching_ids(db, wanted, below=below, above=above, limit=limit)
                    assert ids == tuple(inside[:limit]), (words, below, above, limit)
        bygone = [stored.id for stored in everything if "bygone" in stored.entry.item.summary]
        asked = format_expression(db, required_terms(parse_query("bygone")))
        assert asked is not None
        for below in range(410, 700):
            assert list_matching_ids(db, asked, below=below, limit=3) == tuple(bygone[:-4:-1]), below


def _seldom(number: int) -> str:
    return "seldom" if number % 150 == 0 else ""


def _bygone(number: int) -> str:
    return "bygone" if number < 400 else ""

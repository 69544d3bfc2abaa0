"""One query, one meaning: the rows of `conformance/` hold for one query alone, among all, and in both archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.match.entries import NOON, entry
from tests.match.reference import matches
from tests.store.filled import bring
from watcher.match import TopicMatcher, compile_topics, format_query, match_entry, parse_query
from watcher.model.entry import Item, StoredEntry
from watcher.model.results import Filters
from watcher.model.topic import Topic
from watcher.store.database import Database
from watcher.store.entries.search import search_entries

SETS = {"spies": "spy OR mole", "both": '@spies AND "five eyes"'}
YES = "yes"
FEED, SOURCE = "https://harbour.example/feed.xml", "The Harbour Post"


def _rows() -> Iterator[tuple[str, str, dict[str, Any], tuple[str, ...]]]:
    for path in sorted((Path(__file__).parent / "conformance").glob("*.yaml")):
        for about, rows in yaml.load(path.read_text(), yaml.BaseLoader).items():
            for number, (query, text, *shown) in enumerate(rows, 1):
                fields = {"title": text} if isinstance(text, str) else text
                yield f"{path.stem}, {about}, {number}: {query}", query, fields, tuple(shown)


ROWS = list(_rows())


def _entry(fields: dict[str, Any], number: int = 1) -> StoredEntry:
    return entry(**{**fields, "tags": tuple(fields.get("tags", ()))}, id_=number, source=SOURCE, feed=FEED)


@pytest.mark.parametrize(("query", "fields", "shown"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_row_holds_alone(query: str, fields: dict[str, Any], shown: tuple[str, ...]) -> None:
    read = parse_query(query, SETS)
    stored = _entry(fields)

    evidence = match_entry(read, stored)

    assert (evidence is not None) == bool(shown)
    assert tuple(passage.text for passage in evidence or ()) == (() if shown == (YES,) else shown)
    assert matches(read, stored) == bool(shown)
    assert match_entry(parse_query(format_query(read)), stored) == evidence


def test_there_are_hundreds_of_rows() -> None:
    assert len(ROWS) > 300


def test_rows_hold_among_all_topics_at_once() -> None:
    matcher = _everything()

    for number, (_name, query, fields, shown) in enumerate(ROWS):
        stored = _entry(fields, number)
        hits = {hit.topic_id: hit.evidence for hit in matcher.match_entries([stored], NOON)}
        mine = hits.get(query)
        assert (mine is not None) == bool(shown), query
        assert mine == match_entry(matcher.query(query), stored)
        for other in [row[1] for row in ROWS[number % 7 :: 7]]:
            assert hits.get(other) == match_entry(matcher.query(other), stored), (query, other)


def test_rows_hold_in_a_search_of_the_archive(database: Database) -> None:
    items = [_item(fields, number) for number, (_name, _query, fields, _shown) in enumerate(ROWS)]
    settled = bring(database, items, feed=FEED, title=SOURCE)
    matcher = _everything()
    expected: dict[str, dict[int, object]] = {query: {} for _name, query, _fields, _shown in ROWS}
    for hit in matcher.match_entries(settled.new, NOON):
        expected[hit.topic_id][hit.entry_id] = hit.evidence

    assert len(settled.new) == len(ROWS)
    with database.read() as db:
        for query, wanted in expected.items():
            page = search_entries(db, matcher.query(query), Filters(), limit=len(ROWS))
            assert {match.stored.id: match.evidence for match in page.items} == wanted, query


def _everything() -> TopicMatcher:
    queries = dict.fromkeys(row[1] for row in ROWS)
    return compile_topics([Topic(id=query, name="", query=query) for query in queries], SETS)


def _item(fields: dict[str, Any], number: int) -> Item:
    return Item(**{**fields, "tags": tuple(fields.get("tags", ()))}, guid=f"row-{number}")

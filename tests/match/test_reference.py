"""The matcher against the plainest saying of what queries mean."""

from __future__ import annotations

from hypothesis import given, settings

from tests.match.entries import entry
from tests.match.reference import matches
from tests.match.test_laws import CROWDED, NESTED, QUERIES, TEXTS
from watcher.match import match_entry, parse_query


@settings(max_examples=400, deadline=None)
@given(QUERIES, TEXTS, TEXTS)
def test_a_query_means_what_trying_every_word_against_every_other_says(query: str, title: str, content: str) -> None:
    stored = entry(title, "", content)
    read = parse_query(query)

    assert (match_entry(read, stored) is not None) == matches(read, stored)


@settings(max_examples=600, deadline=None)
@given(NESTED, CROWDED, CROWDED)
def test_nearness_inside_nearness_means_so_too(query: str, title: str, content: str) -> None:
    stored = entry(title, "", content)
    read = parse_query(query)

    assert (match_entry(read, stored) is not None) == matches(read, stored)

"""The evidence that is built from places in the scan is that of occurrences: the same pieces in the same order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.match.entries import NOON, entry
from tests.match.test_laws import LEAVES, QUERIES, TEXTS
from watcher.match import compile_topics, match_entry, parse_query
from watcher.match.evidence import MAX_EVIDENCE
from watcher.match.place_evidence import Source, list_evidence_sources
from watcher.match.scan_result import PhrasePatterns
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence, Topic

_SHAPES = st.one_of(
    st.lists(LEAVES, min_size=1, max_size=4).map(" OR ".join),
    st.lists(LEAVES, min_size=13, max_size=16).map(" OR ".join),
    st.tuples(LEAVES, LEAVES, LEAVES).map(lambda words: f"({words[0]} OR {words[1]}) AND {words[2]}"),
    st.tuples(LEAVES, LEAVES).map(lambda words: f"title:({words[0]} OR {words[1]}) AND {words[0]}"),
    st.tuples(LEAVES, LEAVES).map(lambda words: f"FIRST/3 ({words[0]} OR content:{words[1]})"),
    st.tuples(LEAVES, LEAVES).map(lambda words: f"ATLEAST/2 ({words[0]} OR {words[1]}) AND lang:en"),
    st.tuples(LEAVES, LEAVES, LEAVES).map(lambda words: f"({words[0]} AND {words[1]}) OR {words[2]}"),
    st.tuples(LEAVES, LEAVES).map(lambda words: f"({words[0]} AND {words[1]}) OR author:{words[1]}"),
    st.tuples(LEAVES, LEAVES, LEAVES, st.sampled_from(["NOT NEAR/1", "NOT ONEAR/0", "NOT NEAR/4"])).map(
        lambda words: f"(({words[0]} OR {words[1]}) {words[3]} {words[2]}) AND {words[1]}"
    ),
    st.tuples(LEAVES, LEAVES, LEAVES).map(lambda words: f"{words[0]} NOT NEAR/2 ({words[1]} OR {words[2]})"),
    QUERIES,
)
_LATIN = st.lists(
    st.sampled_from(["U.S.", "us", "Spy", "spy’s", "Straße", "Æther,", "Łódź;  ", "share –", "&amp;", "情報", "five"]),
    max_size=14,
).map(" ".join)  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(st.lists(_SHAPES, min_size=1, max_size=5), TEXTS | _LATIN, _LATIN, TEXTS | _LATIN)
def test_evidence_by_places_is_that_by_occurrences(queries: list[str], title: str, summary: str, content: str) -> None:
    stored = entry(title, summary, content, language="en", author="Spy")
    topics = [Topic(id=str(number), name="", query=query) for number, query in enumerate(queries)]
    matcher = compile_topics(topics)

    together = {hit.topic_id: hit.evidence for hit in matcher.match_entries((stored,), NOON)}

    assert together == _match_alone(queries, stored)


@pytest.mark.parametrize("query", ["spy", "spy*", "spy OR us", "spy~", "=spy OR us", "FIRST/90 (spy)", "spy AND us"])
def test_only_the_first_pieces_of_a_long_text_are_kept(query: str) -> None:
    stored = entry("spy us", "spy", "spy, us " * 200)
    matcher = compile_topics([Topic(id="0", name="", query=query)])

    (hit,) = matcher.match_entries((stored,), NOON)

    assert len(hit.evidence) == MAX_EVIDENCE
    assert {"0": hit.evidence} == _match_alone([query], stored)


@pytest.mark.parametrize("query", ["spy NOT NEAR/1 us", "(spy OR five) NOT ONEAR/0 us", "five NOT NEAR/1 us"])
def test_pieces_after_many_that_are_excluded_are_kept(query: str) -> None:
    stored = entry("spy us", "", "spy us " * MAX_EVIDENCE + "five five spy five spy five five" + " spy" * MAX_EVIDENCE)
    matcher = compile_topics([Topic(id="0", name="", query=query)])

    (hit,) = matcher.match_entries((stored,), NOON)

    assert {"0": hit.evidence} == _match_alone([query], stored)


@pytest.mark.parametrize(
    "query",
    ["spy AND us", "title:spy", "FIRST/9 (spy OR us)", "ATLEAST/2 (spy)", "lang:en AND spy", "spy OR title:us",
     "spy NOT NEAR/2 us"],
)  # fmt: skip
def test_plain_queries_have_their_evidence_at_places(query: str) -> None:
    assert _list_sources(query) is not None


@pytest.mark.parametrize(
    "query", ["spy NEAR/3 us", "(spy AND us) OR eyes", "author:spy", "(spy NOT NEAR/2 us) OR eyes"]
)
def test_evidence_of_queries_that_choose_among_places_is_left_to_occurrences(query: str) -> None:
    assert _list_sources(query) is None


def _list_sources(query: str) -> tuple[Source, ...] | None:
    patterns = PhrasePatterns(numbers=(0,), conclusive=True, open_ended=False, is_literal=True)
    return list_evidence_sources(parse_query(query).root, lambda _phrase: patterns, {})


def _match_alone(queries: list[str], stored: StoredEntry) -> dict[str, tuple[Evidence, ...]]:
    """Return the evidence of each query that matches, by the evaluator that looks words up for one query."""
    evidence = {str(number): match_entry(parse_query(query), stored) for number, query in enumerate(queries)}
    return {number: pieces for number, pieces in evidence.items() if pieces is not None}

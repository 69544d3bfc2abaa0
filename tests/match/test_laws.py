"""Laws of the matcher that hold for any topics and any texts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.match.entries import NOON, entry
from watcher.match import (
    AllOf,
    AnyOf,
    Anything,
    EntryText,
    QueryIndex,
    RequiredPhrase,
    RequiredPrefix,
    RequiredTerms,
    RequiredToken,
    match_entry,
    parse_query,
    required_terms,
)
from watcher.match.compiler import compile_topics
from watcher.match.explain import explain_match
from watcher.match.format import format_query
from watcher.model.topic import Topic
from watcher.text.tokenizer import index_text

WORDS = [
    "spy",
    "Spy",
    "SPY",
    "U.S.",
    "us",
    "US",
    "share",
    "shared",
    "eyes",
    "five",
    "kyiv’s",
    "кібер",
    "й",
    "情報",
    "cyber-op",
    "a",
]
TEXTS = st.lists(st.sampled_from([*WORDS, ".", "\n", "«", "—"]), max_size=14).map(" ".join)

LEAVES = st.one_of(
    st.sampled_from(
        ["spy", "us", "=US", "=Spy", "share~", "cyb*", "shar*", "sh?re", "кіб*", "情報", "five", "eyes", "й", "sh*ed"]
    ),
    st.sampled_from(['"five eyes"', '"us share~"', '="Spy US"', '"cyber op"', '"kyiv us"', '"shar* eyes"']),
)


CROWDED = st.lists(st.sampled_from(["spy", "us", "eyes", "x"]), max_size=12).map(" ".join)
"""Texts in which everything is near everything."""


def _combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    gap = st.integers(0, 4)
    return st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda some: "(" + " AND ".join(some) + ")"),
        st.lists(parts, min_size=2, max_size=4).map(lambda some: "(" + " OR ".join(some) + ")"),
        st.tuples(parts, parts).map(lambda pair: f"({pair[0]} NOT {pair[1]})"),
        st.tuples(parts, gap, parts).map(lambda triple: f"({triple[0]} NEAR/{triple[1]} {triple[2]})"),
        st.tuples(parts, gap, parts).map(lambda triple: f"({triple[0]} ONEAR/{triple[1]} {triple[2]})"),
        st.tuples(parts, gap, parts).map(lambda triple: f"({triple[0]} NOT NEAR/{triple[1]} {triple[2]})"),
        parts.map(lambda part: f"ATLEAST/2 ({part})"),
        parts.map(lambda part: f"FIRST/3 ({part})"),
        parts.map(lambda part: f"title:({part})"),
    )


QUERIES = st.recursive(LEAVES, _combined, max_leaves=6)
NESTED = st.recursive(
    st.sampled_from(["spy", "us", "eyes", "(spy OR us)", "(us OR eyes)", '"spy us"', '"eyes eyes"']),
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from(["NEAR", "ONEAR", "NOT NEAR"]), st.sampled_from([0, 1, 2, 3, 9]), parts).map(
            lambda four: f"({four[0]} {four[1]}/{four[2]} {four[3]})"
        ),
        st.tuples(parts, st.sampled_from(["AND", "OR"]), parts).map(lambda three: f"({' '.join(three)})"),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(QUERIES, min_size=1, max_size=8), TEXTS, TEXTS, TEXTS)
def test_the_index_finds_what_each_topic_alone_finds(
    queries: list[str], title: str, summary: str, content: str
) -> None:
    stored = entry(title, summary, content)
    topics = [Topic(id=f"t{number}", name="", query=query) for number, query in enumerate(queries)]
    matcher = compile_topics(topics)

    hits = {hit.topic_id: hit.evidence for hit in matcher.match_entries([stored], NOON)}

    alone = {topic.id: match_entry(matcher.query(topic.id), stored) for topic in topics}
    assert hits == {topic_id: evidence for topic_id, evidence in alone.items() if evidence is not None}
    index = QueryIndex([matcher.query(topic.id) for topic in topics])
    assert sorted(index.list_matching(EntryText(stored))) == [
        n for n, topic in enumerate(topics) if alone[topic.id] is not None
    ]


@settings(max_examples=300, deadline=None)
@given(QUERIES, TEXTS, TEXTS)
def test_printing_and_reading_a_query_keeps_its_meaning(query: str, title: str, summary: str) -> None:
    stored = entry(title, summary)
    read = parse_query(query)
    again = parse_query(format_query(read))

    assert format_query(again) == format_query(read)
    assert (match_entry(again, stored) is None) == (match_entry(read, stored) is None)


@settings(max_examples=300, deadline=None)
@given(QUERIES, TEXTS, TEXTS)
def test_what_the_index_of_the_archive_is_asked_for_misses_no_match(query: str, title: str, content: str) -> None:
    read = parse_query(query)

    if match_entry(read, entry(title, "", content)) is not None:
        assert _holds(required_terms(read), index_text(title, content).split())


@settings(max_examples=200, deadline=None)
@given(QUERIES, TEXTS, TEXTS)
def test_evidence_is_what_stands_in_the_text_and_an_explanation_agrees(query: str, title: str, content: str) -> None:
    stored = entry(title, "", content)
    read = parse_query(query)
    evidence = match_entry(read, stored)

    assert explain_match(read, stored).matched == (evidence is not None)
    texts = {"title": title, "content": content}
    assert all(texts[piece.field][piece.start : piece.end] == piece.text for piece in evidence or ())


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_and_any_query_end_without_a_crash(query: str, text: str) -> None:
    from watcher.errors import QueryError

    try:
        read = parse_query(query)
    except QueryError:
        return
    stored = entry(text)
    assert (match_entry(read, stored) is not None) == bool(list(QueryIndex([read]).find_matches(EntryText(stored))))


def _holds(need: RequiredTerms, words: list[str]) -> bool:
    match need:
        case Anything():
            return True
        case RequiredToken(text=text):
            return text in words
        case RequiredPrefix(text=text):
            return any(word.startswith(text) for word in words)
        case RequiredPhrase(tokens=tokens):
            width = len(tokens)
            return any(tuple(words[at : at + width]) == tokens for at in range(len(words)))
        case AllOf(parts=parts):
            return all(_holds(part, words) for part in parts)
        case AnyOf(parts=parts):
            return any(_holds(part, words) for part in parts)


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_words_that_were_split_for_the_scan_are_those_of_the_archives_index(title: str, content: str, tag: str) -> None:
    stored = entry(title, "", content, tags=(tag,), author=title)
    scanned = EntryText(stored)
    scanned.padded_texts()

    assert scanned.format_index_text().split() == EntryText(stored).format_index_text().split()

"""A query of few words finds in an entry, looked up in its folded text, what the plain evaluator finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.match.entries import entry
from tests.match.test_laws import LEAVES, QUERIES, TEXTS
from watcher.match import build_entry_matcher, match_entry, parse_query
from watcher.match.evidence import MAX_EVIDENCE
from watcher.match.word_search import build_word_matcher
from watcher.text.tokenizer import fold_in_place, list_word_spans, tokens

_WORDS = st.sampled_from(["spy", "us", "eyes", "five", "strasse", "lodz", "cafe", "share~", '"five eyes"', '"spy spy"'])
_SHAPES = st.one_of(
    _WORDS,
    st.lists(_WORDS | LEAVES, min_size=1, max_size=4).map(" OR ".join),
    st.lists(_WORDS, min_size=2, max_size=3).map(" AND ".join),
    st.tuples(_WORDS, _WORDS, _WORDS).map(lambda words: f"({words[0]} OR {words[1]}) AND {words[2]}"),
    st.tuples(_WORDS, _WORDS, _WORDS).map(lambda words: f"{words[0]} NOT ({words[1]} OR {words[2]})"),
    QUERIES,
)
_TEXTS = st.lists(
    st.sampled_from(
        ["U.S.", "us", "Spy", "SPY,", "spy’s", "spy's", "five", "Five  eyes", "five\neyes.", "five-eyes", "Straße",
         "Łódź; ", "café", "Café’s", "shares", "SHARED –", "&amp;", "情報", "€", "`", "a.m.", "spy.", "…", "eyes", "\0"]
    ),
    max_size=14,
).map(" ".join)  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(_SHAPES, TEXTS | _TEXTS, _TEXTS, TEXTS | _TEXTS)
def test_a_search_finds_what_the_plain_evaluator_finds(query: str, title: str, summary: str, content: str) -> None:
    stored, parsed = entry(title, summary, content, author="Spy"), parse_query(query)

    assert build_entry_matcher(parsed)(stored) == match_entry(parsed, stored)


@settings(max_examples=500, deadline=None)
@given(TEXTS | _TEXTS | st.text(max_size=40))
def test_words_that_are_folded_in_place_stand_where_they_are_in_the_text(text: str) -> None:
    folded = fold_in_place(text)

    if folded is not None:
        assert [word for word in folded.split(" ") if word] == tokens(text)
        spans = list_word_spans(text)
        assert [folded[start:end] for start, end in spans] == tokens(text)


@pytest.mark.parametrize("text", ["plain words, and more", "the spy’s “share” – today", "café in Łódź: 5 €"])
def test_usual_texts_are_folded_in_place(text: str) -> None:
    assert fold_in_place(text) is not None


@pytest.mark.parametrize(
    "query",
    ["spy", '"five eyes"', "share~", "spy OR us", "spy AND us", "(spy OR us) AND eyes", "spy NOT us", "é AND 5"],
)
def test_queries_of_words_are_looked_up(query: str) -> None:
    assert build_word_matcher(parse_query(query)) is not None


@pytest.mark.parametrize("query", ["spy*", "=Spy", "title:spy", "spy NEAR us", "(spy AND us) OR eyes", "spy OR spy"])
def test_queries_that_ask_for_more_than_words_are_not(query: str) -> None:
    assert build_word_matcher(parse_query(query)) is None


@pytest.mark.parametrize("query", ["spy", "spy OR us", '"us spy"', "spy AND us"])
def test_only_the_first_pieces_of_a_long_text_are_kept(query: str) -> None:
    stored, parsed = entry("spy us", "spy", "spy, us " * 200), parse_query(query)

    evidence = build_entry_matcher(parsed)(stored)

    assert evidence == match_entry(parsed, stored)
    assert evidence is not None
    assert len(evidence) == MAX_EVIDENCE

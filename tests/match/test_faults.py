"""Queries that cannot be read: what is said, where, and what to write instead."""

from __future__ import annotations

import pytest

from tests.match.entries import entry
from watcher.errors import ConfigError, QueryError
from watcher.match import (
    build_entry_matcher,
    compile_topics,
    explain_match,
    format_keyword_query,
    format_query,
    match_entry,
    parse_query,
)
from watcher.match.parser import MAX_DEPTH
from watcher.model.topic import Topic

SETS = {"russia": "russia OR moscow", "loop": "a AND @pool", "pool": "b OR @loop", "broken": "spy AND\n  (eyes"}

FAULTS = [
    pytest.param("", 1, 1, "empty", "", id="nothing"),
    pytest.param("  # only a comment", 1, 19, "empty", "", id="only a comment"),
    pytest.param("a AND b OR c", 1, 9, "two ways", "write (a AND b) OR c, or a AND (b OR c)", id="AND before OR"),
    pytest.param("a OR b c", 1, 3, "two ways", "write (b AND c) OR a", id="a blank is AND"),
    pytest.param("x (a OR b AND c)", 1, 6, "two ways", "write", id="mixed in parentheses"),
    pytest.param("a OR b NOT c", 1, 3, "two ways", "write", id="NOT is of the AND kind"),
    pytest.param("spy AND\n  (eyes", 2, 3, "( is never closed", "", id="open parenthesis on the second line"),
    pytest.param("spy)", 1, 4, "unexpected ')'", "parenthesis", id="closing without opening"),
    pytest.param("spy AND )", 1, 5, "AND needs something on both sides", "", id="AND before nothing"),
    pytest.param("AND spy", 1, 1, "AND needs something on both sides", "", id="AND after nothing"),
    pytest.param("spy AND", 1, 5, "AND needs something on both sides", "", id="AND at the end"),
    pytest.param("spy OR", 1, 7, "ends too early", "", id="OR at the end"),
    pytest.param("OR spy", 1, 1, "OR needs something before it", "", id="OR at the beginning"),
    pytest.param("NOT spy", 1, 1, "exclusions alone", "say what to look for", id="only NOT"),
    pytest.param("(NOT a) AND b", 1, 2, "exclusions alone", "", id="only NOT in parentheses"),
    pytest.param("()", 1, 1, "nothing inside", "", id="empty parentheses"),
    pytest.param('"five eyes', 1, 1, "never closed", 'add a closing "', id="open phrase"),
    pytest.param("{five", 1, 1, "never closed", "{X} or =X", id="open brace"),
    pytest.param("spy NEAR/2", 1, 11, "ends too early", "", id="NEAR without a right side"),
    pytest.param("NEAR/2 spy", 1, 1, "needs something before it", "", id="NEAR without a left side"),
    pytest.param("a NEAR/5000 b", 1, 3, "at most 1,000", "", id="NEAR too far"),
    pytest.param("a NEAR/3 lang:en", 1, 3, "about words", "", id="NEAR a language"),
    pytest.param("ATLEAST (a)", 1, 1, "needs a number", "ATLEAST/3", id="ATLEAST without a number"),
    pytest.param("ATLEAST/2 a", 1, 1, "needs a parenthesis", "", id="ATLEAST without parentheses"),
    pytest.param("FIRST/0 (a)", 1, 1, "needs a number", "", id="FIRST none"),
    pytest.param("titel:spy", 1, 1, "no field 'titel'", "did you mean title: ?", id="misspelt field"),
    pytest.param("note:spy", 1, 1, "no field 'note'", '"note: ..."', id="unknown field"),
    pytest.param("(title:)", 1, 2, "title: needs something after it", "", id="a field of nothing"),
    pytest.param("spy AND title:", 1, 9, "title: needs something after it", "", id="a field at the end"),
    pytest.param("lang:klingonese", 1, 6, "no language", "lang:en", id="no language"),
    pytest.param("domain:https://x.example/", 1, 8, "no domain", "url:", id="an address is no domain"),
    pytest.param("a\nAND @rusia", 2, 5, "no set @rusia", "did you mean @russia?", id="misspelt set"),
    pytest.param("@nothing-like-it", 1, 1, "no set @nothing-like-it", "", id="unknown set"),
    pytest.param("@loop", 1, 1, "contains itself", "", id="sets in a circle"),
    pytest.param("a @broken", 1, 3, "in @broken: 2:3: ( is never closed", "", id="fault inside a set"),
    pytest.param("ab*", 1, 1, "too short", "write the words out", id="short beginning"),
    pytest.param("*ing", 1, 1, "cannot begin with a wildcard", "pre*", id="wildcard first"),
    pytest.param("=Cyber*", 1, 1, "do not go together", "", id="exact wildcard"),
    pytest.param("share~xx", 1, 1, "no inflections for language 'xx'", "en, de", id="language without inflections"),
    pytest.param("a AND ~", 1, 7, "~ needs a word", "share~", id="inflection of nothing"),
    pytest.param("情报?", 1, 1, "script without spaces", "", id="wildcard among characters"),
    pytest.param("a and b", 1, 3, "small letters", "write AND", id="small and"),
    pytest.param("a or b", 1, 3, "small letters", "write OR", id="small or"),
    pytest.param("a not b", 1, 3, "small letters", "write NOT", id="small not"),
    pytest.param("a AND ...", 1, 7, "no letters or digits", "", id="punctuation alone"),
    pytest.param('"a"~3', 1, 1, "several words", "", id="slop of one word"),
    pytest.param("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), 1, MAX_DEPTH + 1, "deep", "", id="too deep"),
    pytest.param("title:" * 3_000 + "a", 1, 6 * MAX_DEPTH + 1, "deep", "", id="a prefix before itself"),
    pytest.param("title:text:" * 500 + "a", 1, 11 * (MAX_DEPTH // 2) + 1, "deep", "", id="prefixes before each other"),
    pytest.param("summary:(" * 900 + "a" + ")" * 900, 1, 9 * (MAX_DEPTH // 2) + 1, "deep", "", id="prefixes in turn"),
    pytest.param("FIRST/9(" * 900 + "a" + ")" * 900, 1, 8 * MAX_DEPTH + 8, "deep", "", id="FIRST in itself"),
    pytest.param("a NEAR/1 " * (MAX_DEPTH + 1) + "a", 1, 3 + 9 * MAX_DEPTH, "NEARs in a row", "", id="too many NEARs"),
    pytest.param(f'"{"a " * (MAX_DEPTH + 2)}"~2', 1, 1, "NEARs in a row", "", id="too long for a loose phrase"),
    pytest.param(
        "(b NEAR a" + " NEAR a) OR (b" * MAX_DEPTH + " NEAR a" * (MAX_DEPTH + 1) + ")",
        1,
        1271,
        "NEARs in a row",
        "",
        id="too many NEARs in one of many parentheses",
    ),
    pytest.param("a " * 40_000, 1, 1, "longer than", "", id="too long"),
    pytest.param("walrus -film", 1, 8, "excludes nothing", "write NOT film", id="minus before a word"),
    pytest.param("walrus !film", 1, 8, "excludes nothing", "write NOT film", id="exclamation mark before a word"),
    pytest.param('walrus\n-"the film"', 2, 1, "excludes nothing", 'write NOT "the film"', id="before a phrase"),
    pytest.param("walrus !(film OR book)", 1, 8, "excludes nothing", "write NOT (film OR book)", id="a parenthesis"),
    pytest.param("walrus -tag:film", 1, 8, "excludes nothing", "write NOT tag:film", id="before a field"),
    pytest.param("walrus -@spies", 1, 8, "excludes nothing", "write NOT @spies", id="before a set"),
    pytest.param("walrus AND -film", 1, 12, "excludes nothing", "write NOT film", id="behind AND"),
    pytest.param("walrus NOT -film", 1, 12, "excludes nothing", "write NOT film", id="behind NOT"),
    pytest.param("title:-film", 1, 7, "excludes nothing", "write NOT film", id="inside a field"),
    pytest.param("(-film walrus)", 1, 2, "excludes nothing", "write NOT film", id="inside a parenthesis"),
    pytest.param("walrus \u2013film", 1, 8, "excludes nothing", "write NOT film", id="dash that a program made of it"),
    pytest.param("-film", 1, 1, "excludes nothing", "write NOT film", id="alone"),
    pytest.param("ferry -5", 1, 7, "excludes nothing", "write NOT 5", id="number"),
    pytest.param("walrus~1", 1, 1, "no fuzzy words", "walrus~", id="fuzzy word"),
    pytest.param("ferry walrus~0.8", 1, 7, "no fuzzy words", "walrus~", id="fuzzy word of an older kind"),
    pytest.param("walrus^4", 1, 1, "no weights", "write walrus", id="weight"),
    pytest.param("~walrus", 1, 1, "~ needs a word before it", "walrus~", id="mark before the word"),
    pytest.param("walrus |film", 1, 8, "no operator", "write OR film", id="bar before a word"),
    pytest.param("walrus|film", 1, 1, "no operator", "write (walrus OR film)", id="bar between words"),
    pytest.param("walrus &film", 1, 8, "no operator", "write AND film", id="ampersand before a word"),
    pytest.param(format_keyword_query(["walrus", "-film"]), 1, 11, "excludes nothing", "write NOT film", id="keyword"),
    pytest.param(
        format_keyword_query(["!film noir"]), 1, 1, "excludes nothing", "write NOT film", id="keyword of two words"
    ),
]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cyber-ops", "Cyber-ops paused"),
        ('"-5"', "At 5 degrees"),
        ("5-10", "Between 5-10 ships"),
        ('"!kung"', "The Kung people"),
        ("Yahoo!", "Yahoo! is sold"),
        ("AT&T", "AT&T grows"),
        ("R&D", "R&D budget"),
        ("share~ AND well-known", "They shared a well-known secret"),
        ('"a - b"', "A B test"),
        ("jean-luc NOT film-maker", "Jean-Luc speaks"),
        ("url:post.example/~harold", "Joe"),
        (format_keyword_query(["ro-ro ship", "five - eyes"]), "A ro-ro ship"),
    ],
)
def test_same_marks_inside_words_and_phrases_are_no_faults(query: str, text: str) -> None:
    assert match_entry(parse_query(query), entry(text, url="https://post.example/~harold")) is not None


@pytest.mark.parametrize(("query", "line", "column", "message", "suggestion"), FAULTS)
def test_fault_says_what_where_and_what_instead(
    query: str, line: int, column: int, message: str, suggestion: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(query, SETS)

    assert message in caught.value.message
    assert suggestion in caught.value.suggestion
    assert (caught.value.line, caught.value.column) == (line, column)


def test_sets_that_double_with_each_other_are_refused_before_they_are_written_out() -> None:
    sets = {"s0": "spy OR eyes"} | {f"s{n}": f"(@s{n - 1} AND @s{n - 1}) OR w{n}" for n in range(1, MAX_DEPTH - 1)}

    with pytest.raises(QueryError) as caught:
        parse_query(f"@s{MAX_DEPTH - 2}", sets)

    assert "in @s14: 1:11: more than 100,000 words" in caught.value.message


def test_levels_count_through_sets() -> None:
    deep = "title:" * (MAX_DEPTH - 2)
    sets = {"s0": f"{deep}spy"} | {f"s{n}": f"{deep}@s{n - 1}" for n in range(1, MAX_DEPTH)}
    parse_query("@s1", sets)

    with pytest.raises(QueryError) as caught:
        parse_query(f"@s{MAX_DEPTH - 1}", sets)

    assert "with all sets written out" in caught.value.message


def test_the_deepest_query_that_is_read_is_matched_explained_and_written() -> None:
    half = "(x OR title:" * (MAX_DEPTH // 2 - 1)
    sets = {"deep": f"{half}(spy{' ONEAR/9 eyes' * MAX_DEPTH}){')' * (MAX_DEPTH // 2 - 1)}"}
    query = parse_query(f"{half}@deep{')' * (MAX_DEPTH // 2 - 1)}", sets)
    stored = entry("spy " + "eyes " * (MAX_DEPTH + 5))

    assert match_entry(query, stored) is not None
    assert explain_match(query, stored).matched
    assert build_entry_matcher(query)(stored) is not None
    assert format_query(query)


def test_nears_count_through_sets() -> None:
    sets = {"half": " NEAR ".join(["spy"] * (MAX_DEPTH // 2 + 1)), "near": "eyes NEAR @half"}
    parse_query("@half NEAR five", sets)

    with pytest.raises(QueryError) as caught:
        parse_query("@near" + " NEAR eyes" * (MAX_DEPTH // 2), sets)

    assert "NEARs in a row" in caught.value.message


def test_faults_of_all_topics_come_at_once_at_their_places_in_the_file() -> None:
    topics = [
        Topic(id="one", name="", query="spy AND\n(eyes", file="topics.yaml", line=10, column=7),
        Topic(id="two", name="", query="spy", file="topics.yaml", line=20, column=7),
        Topic(id="three", name="", query="titel:spy", file="topics.yaml", line=30, column=12),
    ]

    with pytest.raises(ConfigError) as caught:
        compile_topics(topics)

    first, second = caught.value.faults
    assert str(first) == "topics.yaml:11:7: ( is never closed"
    assert str(second) == "topics.yaml:30:12: no field 'titel' (did you mean title: ?)"

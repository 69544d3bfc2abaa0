"""Queries changed in one place."""

from __future__ import annotations

import pytest

from tests.match.entries import entry
from watcher.match import Query, format_query, match_entry, parse_query
from watcher.match.syntax import Node, Phrase
from watcher.topics.named_query import parse_named_query
from watcher.topics.relaxation import list_relaxations
from watcher.topics.rewrite import iter_positive_nodes, remove_nodes, replace_nodes


def without(query: str, word: str) -> str | None:
    gone = parse_query(word).root
    left = remove_nodes(parse_query(query).root, lambda node: node == gone)
    return None if left is None else format_query(Query(left))


@pytest.mark.parametrize(
    ("query", "left"),
    [
        pytest.param("a OR b", "b", id="an option"),
        pytest.param("a OR b OR c", "b OR c", id="one of several options"),
        pytest.param("a", None, id="all there is"),
        pytest.param("a b", None, id="a part that is needed"),
        pytest.param("(a OR b) AND c", "b AND c", id="an option of a part"),
        pytest.param("b NOT a", "b", id="an exclusion"),
        pytest.param("b NOT NEAR/2 a", "b", id="what may not stand near"),
        pytest.param("a NEAR/2 b", None, id="one side of NEAR"),
        pytest.param("(a NEAR/2 b) OR c", "c", id="an option that cannot do without"),
        pytest.param("title:(a OR b) c", "c AND title:b", id="within a field"),
        pytest.param("ATLEAST/2 (a OR b)", "ATLEAST/2 (b)", id="counted"),
        pytest.param("(a b) OR (a c) OR d", "d", id="wherever it stands"),
    ],
)
def test_taking_a_word_out_takes_out_what_needs_it(query: str, left: str | None) -> None:
    assert without(query, "a") == left


def test_a_replaced_set_changes_wherever_it_is_named_and_nothing_else() -> None:
    named = parse_named_query("(@x a) OR (@x b) OR c", {"x": "p OR q"})
    [x] = [node for node in iter_positive_nodes(named.query.root) if id(node) in named.sets]

    changed = replace_nodes(named.query.root, {id(x): parse_query("z").root})

    assert format_query(Query(changed)) == "(a AND z) OR (b AND z) OR c"
    assert replace_nodes(named.query.root, {}) is named.query.root


def test_what_stands_behind_a_not_is_not_wanted() -> None:
    words = [
        n.parts[0]
        for n in iter_positive_nodes(parse_query("a NOT (b OR c) d NOT NEAR e").root)
        if isinstance(n, Phrase)
    ]

    assert [getattr(part, "word", "") for part in words] == ["a", "d"]


def test_a_clause_is_shown_with_its_sets_by_name() -> None:
    named = parse_named_query("@spies NEAR/4 (meet~ OR @verbs)", {"spies": "spy~ OR agent~", "verbs": "@spies OR talk"})

    assert named.format_node(named.query.root) == "@spies NEAR/4 (meet~ OR @verbs)"


RELAXED = [
    pytest.param("harbour storm", "Harbour calm", "part", id="a part is missing"),
    pytest.param("harbour NOT film", "Harbour, the film", "exclusion", id="an exclusion bites"),
    pytest.param("harbour NOT NEAR/1 film", "The harbour film", "exclusion", id="something stands beside it"),
    pytest.param("harbour NEAR/2 storm", "Harbour is hit by a storm", "distance", id="too far apart"),
    pytest.param("harbour ONEAR/2 storm", "A storm, the harbour", "order", id="in the other order"),
    pytest.param("ATLEAST/2 (harbour)", "Harbour", "count", id="too few"),
    pytest.param("FIRST/3 (harbour)", "One two three four harbour", "count", id="too late"),
    pytest.param("title:storm", "Harbour|storm", "field", id="in another field"),
    pytest.param("=IT harbour", "It is a harbour", "case", id="in small letters"),
    pytest.param("harbour shares", "Harbour shared", "form", id="another inflection"),
    pytest.param('"harbour closes"', "Harbour again closes", "phrase", id="a word between"),
]


@pytest.mark.parametrize(("query", "description", "kind"), RELAXED)
def test_each_way_of_loosening_lets_in_what_only_it_lets_in(query: str, description: str, kind: str) -> None:
    stored = entry(*description.split("|"))
    named = parse_named_query(query)

    letting_in = {way.kind for way in list_relaxations(named) if match_entry(way.query, stored) is not None}

    assert match_entry(named.query, stored) is None
    assert kind in letting_in


def test_a_loosened_query_never_loses_a_match() -> None:
    named = parse_named_query(
        "@x AND (b NEAR/2 @x) AND (=I j~ NOT NEAR k) AND ATLEAST/2 (f) AND title:g NOT c", {"x": "p OR q"}
    )
    stored = entry("p q b x p f f g I j")

    assert match_entry(named.query, stored) is not None
    assert len(list_relaxations(named)) > 8
    for way in list_relaxations(named):
        assert match_entry(way.query, stored) is not None, way.description


def test_of_an_or_only_the_option_that_is_loosened_is_asked() -> None:
    named = parse_named_query("(a NEAR/2 b) OR (c NOT e) OR g")

    asked = {way.description: format_query(way.query) for way in list_relaxations(named)}

    assert asked == {"a NEAR/4 b instead of NEAR/2": "a NEAR/4 b", "without NOT e": "c"}


def test_loosenings_leave_the_query_itself_alone() -> None:
    named = parse_named_query("@x AND (b NEAR/2 @x) NOT c", {"x": "p OR q"})
    before = format_query(named.query)
    nodes: list[Node] = list(iter_positive_nodes(named.query.root))

    list_relaxations(named)

    assert format_query(named.query) == before
    assert [id(node) for node in iter_positive_nodes(named.query.root)] == [id(node) for node in nodes]

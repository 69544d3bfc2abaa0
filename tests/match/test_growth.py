"""Work grows with the text and with the query, never with their product's square: counted in steps, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.match.entries import entry
from watcher.match import EntryText, QueryIndex, explain_match, match_entry, parse_query
from watcher.match.syntax import Wildcard

QUERIES = [
    pytest.param("spy NEAR/5 eyes", "spy eyes ", id="near"),
    pytest.param(
        "((spy NEAR/5 share~) NEAR/8 (us OR eyes)) NOT NEAR/3 (cyb* OR sh*d)", "spy shared us eyes ", id="nested"
    ),
    pytest.param("(spy NEAR/1000 eyes) ONEAR/1000 (eyes NEAR/1000 spy)", "spy eyes ", id="everything near everything"),
    pytest.param("spy NOT NEAR/1000 mole", "spy ", id="nothing near anything"),
    pytest.param("ATLEAST/9 (spy OR eyes) AND FIRST/9 (spy)", "spy eyes ", id="counting"),
    pytest.param('"a a a a a b"', "a ", id="a phrase that nearly begins everywhere"),
    pytest.param("aaa*a*a*a*a*b", "aaaa", id="wildcards in one endless word"),
    pytest.param("aaa?a*a?a*a?b", "aaaa", id="wildcards with gaps in one endless word"),
    pytest.param("=Spy ONEAR/3 =Eyes", "Spy eyes ", id="exact words"),
    pytest.param(
        "(" * 20 + "spy" + ") NEAR/9 (spy OR eyes)" * 20, "spy eyes ", id="twenty levels of NEAR, words everywhere"
    ),
]


def _steps(work: Callable[[], object]) -> int:
    """Count the lines of Python that some work runs."""
    count = 0

    def trace(_frame: object, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(("query", "text"), QUERIES)
def test_four_times_the_text_is_about_four_times_the_work(query: str, text: str) -> None:
    read = parse_query(query)
    index = QueryIndex([read])
    match_entry(read, entry(text * 10))

    def work(times: int) -> int:
        stored = entry(text * times)
        return _steps(
            lambda: (
                match_entry(read, stored),
                list(index.find_matches(EntryText(stored))),
                explain_match(read, stored),
            )
        )

    assert work(400) < 6 * work(100)


@pytest.mark.parametrize("operator", ["NEAR/9", "ONEAR/1000", "NEAR/2", "NOT NEAR/0 mole NEAR/5"])
def test_four_times_the_levels_are_about_four_times_the_work(operator: str) -> None:
    stored = entry("spy a us eyes five " * 40)

    def work(levels: int) -> int:
        read = parse_query("(" * levels + "spy" + "".join(f") {operator} (us OR five OR spy)" for _ in range(levels)))
        index = QueryIndex([read])
        return _steps(
            lambda: (
                match_entry(read, stored),
                list(index.find_matches(EntryText(stored))),
                explain_match(read, stored),
            )
        )

    assert work(24) < 6 * work(6)


def test_a_long_query_is_read_in_proportion_to_its_length() -> None:
    def work(times: int) -> int:
        return _steps(lambda: parse_query(" OR ".join(f'(word{n} NEAR/3 "other words{n}")' for n in range(times))))

    assert work(800) < 6 * work(200)


@settings(max_examples=200, deadline=None)
@given(st.text("ab*?", min_size=1, max_size=12), st.text("ab", max_size=12))
def test_wildcards_mean_what_they_say(pattern: str, word: str) -> None:
    from fnmatch import fnmatchcase

    assert Wildcard(pattern).matches(word) == fnmatchcase(word, pattern)

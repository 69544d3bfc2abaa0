"""The matcher against the plainest saying of what queries mean."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis.strategies import lists

from tests.match.entries import NOON, entry
from tests.match.reference import matches
from tests.match.test_laws import CROWDED, NESTED, QUERIES, TEXTS
from watcher.match import EntryText, Query, compile_topics, match_entry, parse_query
from watcher.match.evaluate import LinearEvaluator
from watcher.match.evidence import extract_evidence
from watcher.model.topic import Evidence, Topic


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


@settings(max_examples=200, deadline=None)
@given(lists(QUERIES, min_size=2, max_size=6), TEXTS, TEXTS)
def test_topics_that_share_words_have_the_evidence_that_each_has_alone(
    queries: list[str], title: str, content: str
) -> None:
    stored = entry(title, "", content)
    # Each twice: the second finds what the first has built.
    topics = [Topic(id=str(number), name="", query=query) for number, query in enumerate([*queries, *queries])]
    matcher = compile_topics(topics)

    together = {hit.topic_id: set(hit.evidence) for hit in matcher.match_entries((stored,), NOON)}
    alone = {topic.id: _find_evidence_alone(matcher.query(topic.id), EntryText(stored)) for topic in topics}

    assert together == {id_: evidence for id_, evidence in alone.items() if evidence is not None}


def _find_evidence_alone(query: Query, text: EntryText) -> set[Evidence] | None:
    """Return the evidence by the evaluator that looks words up, and shares nothing with other queries."""
    occurrences = LinearEvaluator(text).find_occurrences(query.root)
    return None if occurrences is None else set(extract_evidence(occurrences, text))

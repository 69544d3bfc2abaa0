"""Compiles the topics of a configuration; every error in any of them has its line and column in the file."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from watcher.errors import ConfigError, Fault, QueryError
from watcher.match.foreign_syntax import begins_with_foreign_mark
from watcher.match.format import format_query
from watcher.match.inflections import load_query_inflections
from watcher.match.parser import SetCache, parse_query
from watcher.match.syntax import Query
from watcher.match.topic_matcher import TopicMatcher
from watcher.model.topic import Topic
from watcher.text.analyser import ANALYSER_VERSION


def compile_topics(topics: Iterable[Topic], sets: Mapping[str, str] | None = None) -> TopicMatcher:
    """Compile topics into one index; raises ConfigError with every error. Pure: it may run in a thread of its own.

    Topics that sentences alone describe have no part in the index; the matcher lists them as configured.
    """
    all_topics = tuple(topics)
    with _garbage_collection_off():
        load_query_inflections([*(topic.query for topic in all_topics), *(sets or {}).values()])
        return _compile(all_topics, sets)


def _compile(topics: tuple[Topic, ...], sets: Mapping[str, str] | None) -> TopicMatcher:
    queries: list[Query] = []
    faults: list[Fault] = []
    cache: SetCache = {}
    matched = [topic for topic in topics if topic.has_query]
    for topic in matched:
        try:
            queries.append(parse_query(topic.query, sets, cache))
        except QueryError as error:
            faults.append(_locate_error(error, topic.file, topic.line, topic.column))
    if faults:
        raise ConfigError(tuple(faults))
    nodes = {name: parsed.node for name, parsed in cache.items()}
    return TopicMatcher(matched, queries, [hash_query(query) for query in queries], nodes, configured=topics)


@contextmanager
def _garbage_collection_off() -> Iterator[None]:
    """Keep the collector from walking a growing heap again and again.

    Everything made here stays, and half the time of building thousands of topics would go into that.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def check_topics(
    topics: Iterable[Topic],
    sets: Mapping[str, str] | None = None,
    set_positions: Mapping[str, tuple[str, int, int]] | None = None,
) -> tuple[Fault, ...]:
    """Return the errors of all topics and sets; `set_positions` are file, line and column where each set's text begins.

    An error in a set is reported at the set, and not again for each topic that names it.
    """
    sets, topics = sets or {}, tuple(topic for topic in topics if topic.has_query)
    load_query_inflections([*(topic.query for topic in topics), *sets.values()])
    faults: list[Fault] = []
    broken: set[str] = set()
    cache: SetCache = {}
    for name, text in sets.items():
        try:
            parse_query(text, sets, cache)
        except QueryError as error:
            broken.add(name)
            # Of sets inside each other, only the one that holds the error reports it.
            if not error.message.startswith("in @"):
                faults.append(_locate_error(error, *(set_positions or {}).get(name, ("", 1, 1))))
    for topic in topics:
        try:
            parse_query(topic.query, sets, cache)
        except QueryError as error:
            if not any(error.message.startswith(f"in @{name}:") for name in broken):
                faults.append(_locate_error(error, topic.file, topic.line, topic.column))
    return tuple(faults)


def format_keyword_query(keywords: Sequence[str]) -> str:
    """Return the query for any of some keywords, each as a phrase unless it uses the language's marks."""
    return " OR ".join(_quote_keyword(keyword.strip()) for keyword in keywords if keyword.strip())


def hash_query(query: Query) -> str:
    """Return the hash of what a query means, under this version of the tokenizer: 12 hexadecimal digits."""
    text = f"{ANALYSER_VERSION}:{format_query(query)}"
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _quote_keyword(keyword: str) -> str:
    bare = keyword.lstrip("=")
    if begins_with_foreign_mark(keyword):
        return keyword  # the parser refuses it where it is: nobody means such a phrase
    if keyword.startswith('"') or (" " not in keyword and keyword not in {"AND", "OR", "NOT", "and", "or", "not"}):
        return keyword
    exact = "=" if bare != keyword else ""
    quoted = bare.replace('"', " ")
    return f'{exact}"{quoted}"'


def _locate_error(error: QueryError, file: str, line: int, column: int) -> Fault:
    # Each line of a block scalar is indented as its first one is.
    return Fault(file, line + error.line - 1, column + error.column - 1, error.explanation)

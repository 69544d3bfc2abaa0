"""Topics as configured, compiled; every fault in any of them at its line and column of the file."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from watcher.errors import ConfigError, Fault, QueryError
from watcher.match.foreign_syntax import begins_with_foreign_mark
from watcher.match.format import format_query
from watcher.match.index import TopicMatcher
from watcher.match.inflections import load_query_inflections
from watcher.match.parser import SetCache, parse_query
from watcher.match.syntax import Query
from watcher.model.topic import Topic
from watcher.text.tokenizer import ANALYSER_VERSION


def compile_topics(topics: Iterable[Topic], sets: Mapping[str, str] | None = None) -> TopicMatcher:
    """Compile topics into one index; raises ConfigError with every fault. Pure: it may run in a thread of its own."""
    kept = tuple(topics)
    with _uncollected():
        load_query_inflections([*(topic.query for topic in kept), *(sets or {}).values()])
        return _compile(kept, sets)


def _compile(kept: tuple[Topic, ...], sets: Mapping[str, str] | None) -> TopicMatcher:
    queries: list[Query] = []
    faults: list[Fault] = []
    cache: SetCache = {}
    for topic in kept:
        try:
            queries.append(parse_query(topic.query, sets, cache))
        except QueryError as error:
            faults.append(_fault(error, topic.file, topic.line, topic.column))
    if faults:
        raise ConfigError(tuple(faults))
    nodes = {name: read.node for name, read in cache.items()}
    return TopicMatcher(kept, queries, [hash_query(query) for query in queries], nodes)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector from walking a growing heap again and again: everything made here stays, and half the time of
    building thousands of topics would go into that."""
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
    sets_at: Mapping[str, tuple[str, int, int]] | None = None,
) -> tuple[Fault, ...]:
    """List the faults of all topics and sets; `sets_at` tells file, line and column at which each set's text begins."""
    sets, topics = sets or {}, tuple(topics)
    load_query_inflections([*(topic.query for topic in topics), *sets.values()])
    faults: list[Fault] = []
    broken: set[str] = set()
    cache: SetCache = {}
    for name, text in sets.items():
        try:
            parse_query(text, sets, cache)
        except QueryError as error:
            broken.add(name)
            if not error.message.startswith("in @"):
                faults.append(_fault(error, *(sets_at or {}).get(name, ("", 1, 1))))
    for topic in topics:
        try:
            parse_query(topic.query, sets, cache)
        except QueryError as error:
            if not any(error.message.startswith(f"in @{name}:") for name in broken):
                faults.append(_fault(error, topic.file, topic.line, topic.column))
    return tuple(faults)


def format_keyword_query(keywords: Sequence[str]) -> str:
    """Write a plain list of keywords as a query: any of them, each as a phrase unless it uses the language's marks."""
    return " OR ".join(_keyword(keyword.strip()) for keyword in keywords if keyword.strip())


def hash_query(query: Query) -> str:
    """Give the hash of what a query means, under this version of the canonicaliser."""
    said = f"{ANALYSER_VERSION}:{format_query(query)}"
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def _keyword(keyword: str) -> str:
    bare = keyword.lstrip("=")
    if begins_with_foreign_mark(keyword):
        return keyword  # refused at its place, not looked for as a phrase
    if keyword.startswith('"') or (" " not in keyword and keyword not in {"AND", "OR", "NOT", "and", "or", "not"}):
        return keyword
    exact = "=" if bare != keyword else ""
    quoted = bare.replace('"', " ")
    return f'{exact}"{quoted}"'


def _fault(error: QueryError, file: str, line: int, column: int) -> Fault:
    message = error.message + (f" ({error.suggestion})" if error.suggestion else "")
    # Each line of a block scalar is indented as its first one is.
    return Fault(file, line + error.line - 1, column + error.column - 1, message)

"""One query and many entries: the quickest of the ways to match them."""

from __future__ import annotations

from functools import partial

from watcher.match.entry_text import EntryText
from watcher.match.explain import match_entry
from watcher.match.index import QueryIndex
from watcher.match.node import Node
from watcher.match.syntax import Query
from watcher.match.word_search import EntryMatcher, build_word_matcher
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence

MAX_TERMS_UNSCANNED = 4
"""A few terms are found sooner one by one than by the scan that finds any number of them at once."""


def build_entry_matcher(query: Query) -> EntryMatcher:
    """Return `match_entry` for one query and many entries."""
    if (match_words := build_word_matcher(query)) is not None:
        return match_words
    if _count_terms(query.root) <= MAX_TERMS_UNSCANNED:
        return partial(match_entry, query)
    index = QueryIndex([query])

    def match_scanned(stored: StoredEntry) -> tuple[Evidence, ...] | None:
        """Return the evidence, or None where the query does not match."""
        for _number, evidence in index.find_evidence(EntryText(stored)):
            return evidence
        return None

    return match_scanned


def _count_terms(node: Node) -> int:
    """Return how many terms a query has, those of each of its parts."""
    return sum(map(_count_terms, node.children())) or 1

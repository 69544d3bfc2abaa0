"""Turns occurrences into what a person sees: the words in the text as stored, and a score."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from watcher.match.entry_text import EntryText
from watcher.match.fields import WORD_FIELDS
from watcher.match.format import format_clause
from watcher.match.node import Leaf, Occurrence
from watcher.model.topic import Evidence

MAX_EVIDENCE = 40
"""Pieces of evidence kept for one hit, those nearest to the beginning."""

_format_clause = lru_cache(maxsize=20_000)(format_clause)


def extract_evidence(
    occurrences: list[Occurrence], entry: EntryText, build: Callable[[Leaf], Evidence] | None = None
) -> tuple[Evidence, ...]:
    """Return the words of the stored text that are evidence, in reading order; `build` where leaves were located."""
    # By identity first: queries share the leaves of a phrase, and to hash one is to hash its phrase.
    shared = {id(leaf): leaf for occurrence in occurrences for leaf in occurrence.leaves}
    evidence: list[Evidence] = []
    at_place: list[Leaf] = []
    for leaf in sorted(shared.values(), key=leaf_position):
        if at_place and at_place[0][:3] != leaf[:3]:
            at_place = []
        if leaf in at_place:
            continue
        at_place.append(leaf)
        evidence.append(build_evidence(leaf, entry) if build is None else build(leaf))
        if len(evidence) == MAX_EVIDENCE:
            break
    return tuple(evidence)


def build_evidence(leaf: Leaf, entry: EntryText) -> Evidence:
    """Return the evidence of a leaf."""
    number, first, last, phrase = leaf
    field = WORD_FIELDS[number]
    start, end = entry.character_span(field, first, last)
    return Evidence(field, start, end, entry.text(field)[start:end], _format_clause(phrase))


def score_evidence(evidence: tuple[Evidence, ...]) -> float:
    """Return a score from 0 to 1: words in the title and in the first lines count, and how many clauses have any."""
    if not evidence:
        return 0.2
    clauses: set[str] = set()
    in_title: set[str] = set()
    early = False
    for field, start, _end, _text, clause in evidence:
        clauses.add(clause)
        if field == "title":
            in_title.add(clause)
        elif start < 200:
            early = True
    breadth = min(len(clauses), 5) / 5
    return round(0.25 + 0.4 * len(in_title) / len(clauses) + 0.1 * early + 0.25 * breadth, 4)


def leaf_position(leaf: Leaf) -> tuple[int, int, int]:
    """Return the key by which leaves are sorted in reading order."""
    return leaf[:3]

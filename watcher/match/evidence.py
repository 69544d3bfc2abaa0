"""Turns occurrences into what a person sees: the words in the text as stored, and a score."""

from __future__ import annotations

from functools import lru_cache

from watcher.match.entry_text import EntryText
from watcher.match.fields import WORD_FIELDS
from watcher.match.format import format_clause
from watcher.match.node import Leaf, Occurrence
from watcher.model.topic import Evidence

MAX_EVIDENCE = 40
"""Pieces of evidence kept for one hit, those nearest to the beginning."""

_format_clause = lru_cache(maxsize=20_000)(format_clause)


def extract_evidence(occurrences: list[Occurrence], entry: EntryText) -> tuple[Evidence, ...]:
    """Return the words of the stored text that are evidence, in reading order."""
    leaves = sorted({leaf for occurrence in occurrences for leaf in occurrence.leaves}, key=leaf_position)
    evidence = []
    for number, first, last, phrase in leaves[:MAX_EVIDENCE]:
        field = WORD_FIELDS[number]
        start, end = entry.character_span(field, first, last)
        text = entry.text(field)[start:end]
        evidence.append(Evidence(field=field, start=start, end=end, text=text, clause=_format_clause(phrase)))
    return tuple(evidence)


def score_evidence(evidence: tuple[Evidence, ...]) -> float:
    """Return a score from 0 to 1: words in the title and in the first lines count, and how many clauses have any."""
    if not evidence:
        return 0.2
    clauses = {piece.clause for piece in evidence}
    in_title = {piece.clause for piece in evidence if piece.field == "title"}
    early = any(piece.field != "title" and piece.start < 200 for piece in evidence)
    breadth = min(len(clauses), 5) / 5
    return round(0.25 + 0.4 * len(in_title) / len(clauses) + 0.1 * early + 0.25 * breadth, 4)


def leaf_position(leaf: Leaf) -> tuple[int, int, int]:
    """Return the key by which leaves are sorted in reading order."""
    return leaf[:3]

"""Turns occurrences into what a person sees: the words in the text as stored, and a score."""

from __future__ import annotations

from functools import lru_cache

from watcher.match.entry_text import EntryText
from watcher.match.format import format_clause
from watcher.match.proximity import Occurrence
from watcher.match.syntax import WORD_FIELDS, Phrase
from watcher.model.topic import Evidence

MAX_EVIDENCE = 40
"""Pieces of evidence kept for one hit, those nearest to the beginning."""

_clause = lru_cache(maxsize=20_000)(format_clause)


def extract_evidence(found: list[Occurrence], reading: EntryText) -> tuple[Evidence, ...]:
    """Say which words of the stored text are evidence, in reading order."""
    leaves = sorted({leaf for occurrence in found for leaf in occurrence[3]}, key=_place)[:MAX_EVIDENCE]
    said = []
    for number, first, last, words in leaves:
        field = WORD_FIELDS[number]
        start, end = reading.span(field, first, last)
        said.append(
            Evidence(field=field, start=start, end=end, text=reading.text(field)[start:end], clause=_clause(words))
        )
    return tuple(said)


def score_evidence(shown: tuple[Evidence, ...]) -> float:
    """Weigh evidence from 0 to 1: words in the title, in the first lines, and how many clauses speak."""
    if not shown:
        return 0.2
    clauses = {each.clause for each in shown}
    in_title = {each.clause for each in shown if each.field == "title"}
    early = any(each.field != "title" and each.start < 200 for each in shown)
    breadth = min(len(clauses), 5) / 5
    return round(0.25 + 0.4 * len(in_title) / len(clauses) + 0.1 * early + 0.25 * breadth, 4)


def _place(leaf: tuple[int, int, int, Phrase]) -> tuple[int, int, int]:
    return leaf[:3]

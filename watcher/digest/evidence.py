"""Splits texts at the evidence in them: pieces of text, each with whether it is evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from watcher.model.topic import Evidence

if TYPE_CHECKING:  # lists of hits cut their texts here, too, and compose no digest
    from watcher.model.digest_story import DigestHit

SNIPPET_LENGTH = 280
Pieces: TypeAlias = list[tuple[str, bool]]
"""Consecutive pieces of a text, each with whether it is evidence."""


def split_by_evidence(text: str, field: str, evidence: Sequence[Evidence]) -> Pieces:
    """Split a field's text at its evidence; evidence whose words are no longer at their place is left out."""
    spans = sorted([(e.start, e.end) for e in evidence if e.field == field and text[e.start : e.end] == e.text])
    pieces: Pieces = []
    position = 0
    for start, end in spans:
        if start < position:
            # Overlapping evidence, of two clauses, is one piece.
            if end > position and pieces and pieces[-1][1]:
                pieces[-1] = (pieces[-1][0] + text[position:end], True)
                position = end
            continue
        if start > position:
            pieces.append((text[position:start], False))
        pieces.append((text[start:end], True))
        position = end
    if position < len(text):
        pieces.append((text[position:], False))
    return pieces


def cut_snippet(text: str, field: str, evidence: Sequence[Evidence], length: int = SNIPPET_LENGTH) -> Pieces:
    """Split a text like `split_by_evidence`, cut to about `length` characters around its first evidence."""
    if len(text) <= length:
        return split_by_evidence(text, field, evidence)
    start, end = _choose_bounds(text, field, evidence, length)
    pieces: Pieces = [("… ", False)] if start else []
    position = 0
    for piece, is_evidence in split_by_evidence(text, field, evidence):
        stop = position + len(piece)
        if stop > start and position < end:
            pieces.append((piece[max(0, start - position) : end - position], is_evidence))
        position = stop
    return [*pieces, (" …", False)] if end < len(text) else pieces


def _choose_bounds(text: str, field: str, evidence: Sequence[Evidence], length: int) -> tuple[int, int]:
    """Return where a snippet begins and ends: a third of it before the first evidence, and between words."""
    first = min((e.start for e in evidence if e.field == field and text[e.start : e.end] == e.text), default=0)
    start = 0 if first < length * 2 // 3 else max(0, first - length // 3)
    if start:
        blank = text.find(" ", start, first)
        start = blank + 1 if blank >= 0 else start
    end = min(len(text), start + length)
    if end < len(text):
        blank = text.rfind(" ", start, end)
        # Chinese and Japanese have no blanks: there the snippet ends within a word.
        end = blank if blank > start + length // 2 else end
    return start, end


def cut_summary(hit: DigestHit, length: int = SNIPPET_LENGTH) -> Pieces:
    """Return the part of a hit's summary that a digest shows, on one line; nothing where it repeats the headline."""
    if hit.summary.strip().casefold() == hit.title.strip().casefold():
        return []
    pieces = cut_snippet(hit.summary, "summary", hit.evidence, length)
    return [(piece.replace("\n", " "), is_evidence) for piece, is_evidence in pieces]

"""Text split into evidence and the rest, for a template to escape and mark."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.contract.entries import keep_valid_evidence
from watcher.digest.evidence import cut_snippet, split_by_evidence
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence

Pieces = list[tuple[str, bool]]
"""Stretches of a text; True where one is evidence."""
SNIPPET_LENGTH = 300
UNTITLED_LENGTH = 90
"""Characters of its text that stand in for the headline of an entry without one."""


def split_title(stored: StoredEntry, evidence: Sequence[Evidence] = ()) -> Pieces:
    """Return a headline with its evidence; without one, the first words of the text."""
    item = stored.entry.item
    if item.title:
        return split_by_evidence(item.title, "title", keep_valid_evidence(evidence, stored))
    words = (item.summary or item.content)[:UNTITLED_LENGTH].strip()
    return [(words + " …" if words else "(no headline)", False)]


def split_snippet(stored: StoredEntry, evidence: Sequence[Evidence] = (), length: int = SNIPPET_LENGTH) -> Pieces:
    """Return the part of the text around its evidence; nothing where it repeats the headline."""
    item = stored.entry.item
    valid = keep_valid_evidence(evidence, stored)
    fields = {evidence.field for evidence in valid}
    # The summary is shown, unless all evidence of the text is in the full text alone.
    in_content = item.content and "content" in fields and "summary" not in fields
    field, text = ("content", item.content) if in_content or not item.summary else ("summary", item.summary)
    if not text or text.strip().casefold() == item.title.strip().casefold():
        return []
    return [(piece.replace("\n", " "), is_evidence) for piece, is_evidence in cut_snippet(text, field, valid, length)]


def split_paragraphs(stored: StoredEntry, field: str, evidence: Sequence[Evidence] = ()) -> list[Pieces]:
    """Return a whole field, paragraph by paragraph."""
    item = stored.entry.item
    text = {"summary": item.summary, "content": item.content, "author": item.author}[field]
    paragraphs: list[Pieces] = [[]]
    for piece, is_evidence in split_by_evidence(text, field, keep_valid_evidence(evidence, stored)):
        first, *rest = piece.split("\n")
        paragraphs[-1].append((first, is_evidence))
        paragraphs += [[(line, is_evidence)] for line in rest]
    return [
        [piece for piece in paragraph if piece[0]]
        for paragraph in paragraphs
        if any(piece[0].strip() for piece in paragraph)
    ]

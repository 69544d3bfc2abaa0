"""Texts cut into stretches of evidence and the rest, for a template to escape and mark."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.app.views import still_there
from watcher.digest.evidence import cut_snippet as cut
from watcher.digest.evidence import split_by_evidence
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence

Pieces = list[tuple[str, bool]]
SNIPPET = 300


def title(stored: StoredEntry, evidence: Sequence[Evidence] = ()) -> Pieces:
    """Give a headline with its evidence; an entry without one is called by its first words."""
    item = stored.entry.item
    if item.title:
        return split_by_evidence(item.title, "title", still_there(evidence, stored))
    words = (item.summary or item.content)[:90].strip()
    return [(words + " …" if words else "(no headline)", False)]


def snippet(stored: StoredEntry, evidence: Sequence[Evidence] = (), length: int = SNIPPET) -> Pieces:
    """Give the part of an entry's text that shows most, around its evidence; nothing where it repeats the headline."""
    item = stored.entry.item
    shown = still_there(evidence, stored)
    fields = {each.field for each in shown}
    in_content = item.content and "content" in fields and "summary" not in fields
    field, text = ("content", item.content) if in_content or not item.summary else ("summary", item.summary)
    if not text or text.strip().casefold() == item.title.strip().casefold():
        return []
    return [(piece.replace("\n", " "), hit) for piece, hit in cut(text, field, shown, length)]


def body(stored: StoredEntry, field: str, evidence: Sequence[Evidence] = ()) -> list[Pieces]:
    """Give a whole field, paragraph by paragraph."""
    item = stored.entry.item
    text = {"summary": item.summary, "content": item.content, "author": item.author}[field]
    paragraphs: list[Pieces] = [[]]
    for piece, hit in split_by_evidence(text, field, still_there(evidence, stored)):
        first, *rest = piece.split("\n")
        paragraphs[-1].append((first, hit))
        paragraphs += [[(each, hit)] for each in rest]
    return [[part for part in each if part[0]] for each in paragraphs if any(part[0].strip() for part in each)]

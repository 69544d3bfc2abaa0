"""Pieces of rows as HTML, made in one call: lists have hundreds of them."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from watcher.model.entry import StoredEntry


def mark_pieces(pieces: Iterable[tuple[str, bool]]) -> Markup:
    """Return pieces of a text, those that are evidence in `mark`."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if is_evidence else escape(piece) for piece, is_evidence in pieces
    )


def format_language(stored: StoredEntry) -> Markup:
    """Return the attributes `lang` and `dir` of an entry's texts."""
    language = stored.entry.item.language
    return Markup(' lang="{}" dir="auto"').format(language) if language else Markup(' dir="auto"')

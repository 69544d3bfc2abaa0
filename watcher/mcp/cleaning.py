"""Text of others, before an assistant reads it: nothing invisible, no markup, nothing that is fetched when shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, TypeVar, cast

T = TypeVar("T")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but Persian, Hindi and emoji are written with them."""
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Categories of characters that nobody sees: controls, marks of direction, tags (U+E0000), private and unassigned."""


def clean_report_text(text: str) -> str:
    """Return text without invisible characters; what would be a tag or an image in HTML or Markdown stays as letters.

    Line feeds stay; other blanks become spaces.
    """
    kept = "".join(map(_clean_character, text)) if not text.isprintable() else text
    return _IMAGE.sub("", _MARKUP.sub("\u2039", kept))


def clean_line_of_report(text: str, limit: int) -> str:
    """Return cleaned text on one line of at most `limit` characters, without the quotation mark that would end it."""
    line = " ".join(clean_report_text(text).split()).replace('"', "'")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_document(document: T) -> T:
    """Return a document of the contract whose every text is cleaned."""
    return cast("T", _clean_value(document))


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean_report_text(value)
    if isinstance(value, dict):
        return {name: _clean_value(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean_value(inner) for inner in value]
    return value


def _clean_character(character: str) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _UNWANTED else character

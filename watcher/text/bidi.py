"""Keeps text of the other direction from reordering what stands beside it (UAX #9)."""

from __future__ import annotations

import unicodedata

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
ISOLATES = frozenset({FIRST_STRONG_ISOLATE, POP_ISOLATE})
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def is_right_to_left(text: str) -> bool:
    """Return whether a text holds a letter of a script that is written from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)


def isolate(text: str) -> str:
    """Return a text in a first-strong isolate where it holds right-to-left letters, as it is otherwise."""
    if not is_right_to_left(text):
        return text
    inside = text.replace(FIRST_STRONG_ISOLATE, "").replace(POP_ISOLATE, "")
    return f"{FIRST_STRONG_ISOLATE}{inside}{POP_ISOLATE}"

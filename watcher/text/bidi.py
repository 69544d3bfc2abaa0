"""Direction of writing: no text changes how others beside it are shown (Unicode Standard Annex 9)."""

from __future__ import annotations

import re
import unicodedata

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
ISOLATES = frozenset({FIRST_STRONG_ISOLATE, POP_ISOLATE})
_FIRST_RIGHT_TO_LEFT = "\u0590"
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_EMBEDDINGS = "\u202a\u202b"
_OVERRIDES = "\u202d\u202e"
_ISOLATES = "\u2066\u2067\u2068"
_POP_EMBEDDING = "\u202c"


def drop_unbalanced_controls(text: str) -> str:
    """Return a line without the overrides of direction, and without embeddings and isolates that it does not close.

    An override shows letters in another order than they stand in (`gpj.exe`); an open embedding turns around what
    follows. Marks (U+200E, U+200F) and closed embeddings are how Arabic and Hebrew are written, and stay.
    """
    if _CONTROL.search(text) is None:
        return text
    # Unicode Standard Annex 9, BD9: what closes an isolate closes no embedding. Overrides are dropped even if closed.
    opened: list[tuple[int, str]] = []
    dropped: set[int] = set()
    for place, sign in enumerate(text):
        if sign in _EMBEDDINGS or sign in _OVERRIDES or sign in _ISOLATES:
            opened.append((place, sign))
        elif sign in (_POP_EMBEDDING, POP_ISOLATE):
            matches = bool(opened) and (opened[-1][1] in _ISOLATES) == (sign == POP_ISOLATE)
            if not matches or opened.pop()[1] in _OVERRIDES:
                dropped.add(place)
    dropped.update(place for place, _sign in opened)
    return "".join(sign for place, sign in enumerate(text) if place not in dropped and sign not in _OVERRIDES)


def is_right_to_left(text: str) -> bool:
    """Return whether a text holds a letter of a script that is written from right to left."""
    # Nothing before Hebrew is written so.
    return (
        not text.isascii()
        and max(text) >= _FIRST_RIGHT_TO_LEFT
        and any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)
    )


def isolate(text: str) -> str:
    """Return a text in a first-strong isolate where it holds right-to-left letters, as it is otherwise."""
    if not is_right_to_left(text):
        return text
    inside = text.replace(FIRST_STRONG_ISOLATE, "").replace(POP_ISOLATE, "")
    return f"{FIRST_STRONG_ISOLATE}{inside}{POP_ISOLATE}"

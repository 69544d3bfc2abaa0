"""Mojibake: UTF-8 that somebody decoded as windows-1252 and encoded again."""

from __future__ import annotations

import re

_TAIL = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
# Two bytes of UTF-8 or three. One class at the beginning, rather than two alternatives: twice as fast.
_SIGN = re.compile(f"[\u00c2-\u00ef]{_TAIL}(?:(?<=[\u00c2-\u00df].)|{_TAIL})", re.DOTALL)
_LEADS = "\u00c3\u00c2\u00e2\u00d0\u00d1\u00c4\u00c5\u00ce\u00cf\u00d8\u00d9\u00d7\u00e3\u00e5\u00e6\u00e0"
"""How the first bytes of accents, Cyrillic, Greek, Arabic, Hebrew, punctuation and the scripts of Asia look then."""
_BYTES = {
    ord(character): bytes([code]).decode("latin-1")
    for code in range(0x80, 0xA0)
    if (character := bytes([code]).decode("cp1252", "ignore"))
}
# What windows-1252 has no byte for was never one.
_NO_BYTE = re.compile(f"[^\\x00-\xff{''.join(map(chr, _BYTES))}]")


def fix_mojibake(text: str) -> str:
    """Return the text as it was meant; one that was not decoded wrongly as a whole is left alone."""
    # Sixteen searches for one character each cost far less than one for a class of them: this runs on every field.
    if text.isascii() or not any(map(text.__contains__, _LEADS)) or _SIGN.search(text) is None:
        return text
    if _NO_BYTE.search(text) is not None:
        return text
    try:
        return text.translate(_BYTES).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text

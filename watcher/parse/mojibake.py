"""Undoes text that was read as windows-1252 and written as UTF-8; alone knows what that looks like."""

from __future__ import annotations

import re

_TAIL = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
_SIGN = re.compile(f"[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}")
_LEADS = "\u00c3\u00c2\u00e2\u00d0\u00d1\u00c4\u00c5\u00ce\u00cf\u00d8\u00d9\u00d7\u00e3\u00e5\u00e6\u00e0"
"""How the first bytes of accents, Cyrillic, Greek, Arabic, Hebrew, punctuation and the scripts of Asia look then."""
_BYTES = {
    ord(character): bytes([code]).decode("latin-1")
    for code in range(0x80, 0xA0)
    if (character := bytes([code]).decode("cp1252", "ignore"))
}


def mended(text: str) -> str:
    """Give the text as it was meant; one that was not read wrongly as a whole is left alone."""
    if text.isascii() or not any(lead in text for lead in _LEADS) or _SIGN.search(text) is None:
        return text
    try:
        return text.translate(_BYTES).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text

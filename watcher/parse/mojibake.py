"""Undoes text that was read as windows-1252 and written as UTF-8; alone knows what that looks like."""

from __future__ import annotations

import contextlib
import re

_SIGN = re.compile(
    "[\u00c2-\u00df][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|[\u00e0-\u00ef][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{2}"
)
_BYTES = {
    ord(character): bytes([code]).decode("latin-1")
    for code in range(0x80, 0xA0)
    if (character := bytes([code]).decode("cp1252", "ignore"))
}


_C1 = re.compile("[\x80-\x9f]")
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}


def mended(text: str) -> str:
    """Give the text as it was meant; one that was not read wrongly as a whole is left alone."""
    if text.isascii():
        return text
    if _SIGN.search(text) is not None:
        with contextlib.suppress(UnicodeError):
            text = text.translate(_BYTES).encode("latin-1").decode("utf-8")
    # Control characters of Unicode that are punctuation in windows-1252: numeric references of old editors.
    return text.translate(_WINDOWS) if _C1.search(text) is not None else text

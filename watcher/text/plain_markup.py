"""A quick way to read the HTML that most feeds have: a few known elements, written properly, without a tree.

`watcher.text.html` is the slow twin, which reads anything, in fifteen times as long as this takes for an article.
"""

from __future__ import annotations

import re
from html.entities import html5

_SPACE = r"[ \t\r\n]"
_NAMED_VALUE = rf"""(?:{_SPACE}++[\w:.-]++(?:=(?:"[^"<>]*+"|'[^'<>]*+')))"""
# Elements of which no tree moves, adds or drops a word: no table, no form, nothing whose text is no text. Their names
# in lower case, values in quotes and without angle brackets: whatever else there is, the slow twin reads.
_BLOCKS = "p|br|div|li|ul|ol|h[1-6]|figure|figcaption|blockquote|hr|section|pre"
_INLINE = "a|strong|em|img|span|b|i|u|small|sub|sup|cite|code|font|abbr|time"
# Blocks that follow each other part two lines, not several: what is read as one match is one piece less to join.
_BLOCK_TAG = rf"(?:(?:{_BLOCKS}){_NAMED_VALUE}*+{_SPACE}*+/?|/(?:{_BLOCKS}))>"
_BLOCK_TAGS = re.compile(rf"<{_BLOCK_TAG}(?:[ ]*+<{_BLOCK_TAG})*+")
_INLINE_TAG = re.compile(rf"<(?:(?:{_INLINE}){_NAMED_VALUE}*+{_SPACE}*+/?|/(?:{_INLINE})|!--(?:[^<>!-]++|-(?!-))*+--)>")
_CHARACTERS = {name[:-1]: character for name, character in html5.items() if name.endswith(";")}
# The numbers that are written most: of ASCII, Latin, and the marks of punctuation.
_CHARACTERS |= {f"#{code}": chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2040))}


def read_plain_markup(html: str) -> str | None:
    """Return the text of HTML with a line break for each block, None where it holds more than plain markup.

    Its lines are not cleaned yet. What is plain has no `<` that `escape_literals` would escape.
    """
    text = _INLINE_TAG.sub("", _BLOCK_TAGS.sub("\n", html.replace("\n", " ")))
    if "<" in text:
        return None
    return _resolve_references(text) if "&" in text else text


def _resolve_references(text: str) -> str | None:
    """Return text with its character references read, None where one is not written as HTML demands."""
    first, *others = text.split("&")
    parts = [first]
    for other in others:
        name, semicolon, rest = other.partition(";")
        character = _CHARACTERS.get(name) or _read_number(name)
        if not character or not semicolon:
            return None
        parts.append(character)
        parts.append(rest)
    return "".join(parts)


def _read_number(name: str) -> str | None:
    """Return the character of a decimal reference, None for those that HTML replaces or forbids."""
    digits = name[1:]
    if name[:1] != "#" or len(digits) > 5 or not (digits.isascii() and digits.isdecimal()):
        return None
    code = int(digits)
    return chr(code) if 0x20 <= code < 0x7F or 0xA0 <= code < 0xD800 else None

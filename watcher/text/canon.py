"""Splits text into the tokens that are compared, and knows where each stands in the text as stored.

One canonicaliser for texts, queries and the archive's index: apart from it nothing splits words. Rules: letters, digits
and their marks make a word; hyphens, slashes and punctuation part words; Han, Kana and Thai count by character; a
possessive 's is dropped; dotted acronyms are one word (U.S. is US); soft hyphens and zero-width marks are nothing; an
apostrophe inside a Cyrillic word and a gershayim inside a Hebrew one belong to it; left-over HTML entities are read.
"""

from __future__ import annotations

import re
from html import unescape

from watcher.text.fold import fold

ANALYSER_VERSION = 1
"""Changes whenever the same text may give other tokens: the archive's index has to be made anew then."""

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
)
_LETTER = f"[^\\W\\d_{_SPACELESS}]"
_CHAR = f"[^\\W_{_SPACELESS}]"
_CYRILLIC = "[\u0400-\u052f]"
_HEBREW = "[\u05d0-\u05ea]"
APOSTROPHES = "'\u2019\u2018\u02bc\u2032\uff07`"
_INNER = f"(?:(?<={_CYRILLIC})[{APOSTROPHES}](?={_CYRILLIC})|(?<={_HEBREW})[\"\u05f4\u05f3'](?={_HEBREW}))"
_TOKEN = re.compile(
    f"(?<![^\\W_])(?<!\\.)(?:{_LETTER}\\.)+{_LETTER}(?![^\\W_])"  # U.S.
    f"|[{_SPACELESS}]"
    f"|{_CHAR}(?:{_CHAR}|[{_MARKS}]|{_INNER})*"
)
_NOTHING = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_INVISIBLE = re.compile(f"[&{_NOTHING.pattern[1:-1]}]")
_POSSESSIVE = re.compile(f"(?<=[^\\W_])[{APOSTROPHES}][sS](?!{_CHAR}|[{_MARKS}]|{_INNER})")

_ASCII_DOT = re.compile(r"\.[A-Za-z](?![A-Za-z0-9])")
_ASCII_DOTTED = re.compile(r"(?<![A-Za-z0-9.])(?:[A-Za-z]\.)+[A-Za-z](?![A-Za-z0-9])")
_ASCII_POSSESSIVE = re.compile(r"(?<=[A-Za-z0-9])['`][sS](?![A-Za-z0-9])")
_ASCII_PARTS = str.maketrans({chr(code): chr(code).lower() if chr(code).isalnum() else " " for code in range(128)})


def tokens(text: str) -> list[str]:
    """Split a text into folded tokens, in order."""
    if text.isascii() and "&" not in text:
        if _ASCII_DOT.search(text) is not None:
            text = _ASCII_DOTTED.sub(_undotted, text)
        if "'" in text or "`" in text:
            text = _ASCII_POSSESSIVE.sub(" ", text)
        return text.translate(_ASCII_PARTS).split()
    if _INVISIBLE.search(text) is not None:
        return [word for word, _start, _end in _walk(text)]
    found = _TOKEN.findall(_POSSESSIVE.sub(" ", text))
    return [fold(word.replace(".", "") if "." in word else word) for word in found]


def places(text: str) -> list[tuple[int, int]]:
    """Tell where each of `tokens(text)` stands: [start, end) in code points of the text as it is."""
    return [(start, end) for _word, start, end in _walk(text)]


def surface(text: str, start: int, end: int) -> str:
    """Give a word as it is written, for exact comparison: without acronym dots, invisible marks and read entities."""
    plain = _NOTHING.sub("", unescape(text[start:end]))
    return plain.replace(".", "") if "." in plain else plain


def encode(token: str) -> str:
    """Write a token in ASCII for the databases' index; a prefix of a token gives a prefix of its code."""
    return token if token.isascii() else "".join(c if c.isascii() else f"q{ord(c):05x}" for c in token)


def index_text(*fields: str) -> str:
    """Give the index tokens of some fields: ASCII words, one space between."""
    joined = " ".join(" ".join(tokens(field)) for field in fields if field)
    return joined if joined.isascii() else " ".join(encode(token) for token in joined.split(" "))


def _undotted(found: re.Match[str]) -> str:
    return found[0].replace(".", "")


def _walk(text: str) -> list[tuple[str, int, int]]:
    clean, origin = _cleaned(text)
    found = []
    for token in _TOKEN.finditer(clean):
        word = token[0]
        start, end = token.span()
        if "." in word:
            word = word.replace(".", "")
        elif word in {"s", "S"} and start > 1 and clean[start - 1] in APOSTROPHES and clean[start - 2].isalnum():
            continue
        if origin is not None:
            start, end = origin[start], origin[end - 1] + 1
            if text[end - 1] == "&":
                end = text.index(";", end) + 1
        found.append((fold(word), start, end))
    return found


def _cleaned(text: str) -> tuple[str, list[int] | None]:
    """Read entities and drop invisible marks; beside the result, where each of its characters came from."""
    entities = "&" in text and _ENTITY.search(text) is not None
    if not entities and _NOTHING.search(text) is None:
        return text, None
    characters: list[str] = []
    origin: list[int] = []
    position = 0
    while position < len(text):
        if text[position] == "&" and (entity := _ENTITY.match(text, position)) is not None:
            read = unescape(unescape(entity[0]))
            if read != entity[0] and not _NOTHING.fullmatch(read):
                characters.extend(read)
                origin.extend([position] * len(read))
            position = entity.end()
            continue
        if not _NOTHING.match(text[position]):
            characters.append(text[position])
            origin.append(position)
        position += 1
    return "".join(characters), origin

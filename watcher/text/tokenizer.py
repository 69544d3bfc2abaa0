"""Splits text into the tokens that are compared, and knows where each stands in the text as stored.

One canonicaliser for texts, queries and the archive's index: apart from it nothing splits words. Rules: letters, digits
and their marks make a word; hyphens, slashes and punctuation part words; Han, Kana and Thai count by character; a
possessive 's is dropped; dotted acronyms are one word (U.S. is US); soft hyphens and zero-width marks are nothing; an
apostrophe inside a Cyrillic word and a gershayim inside a Hebrew one belong to it; left-over HTML entities are read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from watcher.text.normalize import MAX_CACHED_LENGTH, fold

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Hebrew and Arabic points, and the vowel signs of India's scripts, which \w leaves out.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957\u0962\u0963"
    "\u0981-\u0983\u09bc\u09be-\u09cd\u09d7\u09e2\u09e3\u0a01-\u0a03\u0a3c-\u0a51\u0a70\u0a71\u0a75\u0a81-\u0a83\u0abc"
    "\u0abe-\u0acd\u0ae2\u0ae3\u0b01-\u0b03\u0b3c\u0b3e-\u0b57\u0b62\u0b63\u0b82\u0bbe-\u0bcd\u0bd7\u0c00-\u0c04\u0c3e-\u0c56"
    "\u0c62\u0c63\u0c81-\u0c83\u0cbc\u0cbe-\u0cd6\u0ce2\u0ce3\u0d00-\u0d03\u0d3b\u0d3c\u0d3e-\u0d4d\u0d57\u0d62\u0d63"
)
_LETTER = f"[^\\W\\d_{_SPACELESS}]"
_CHAR = f"[^\\W_{_SPACELESS}]"
_CYRILLIC = "[\u0400-\u052f]"
_HEBREW = "[\u05d0-\u05ea]"
_INNER = f"(?:(?<={_CYRILLIC})'(?={_CYRILLIC})|(?<={_HEBREW})[\"\u05f4\u05f3'](?={_HEBREW}))"
_TOKEN = re.compile(
    f"(?<![^\\W_])(?<!\\.)(?:{_LETTER}\\.)+{_LETTER}(?![^\\W_])"  # U.S.
    f"|[{_SPACELESS}]"
    f"|{_CHAR}(?:{_CHAR}|[{_MARKS}]|{_INNER})*"
)
_NOTHING = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_INVISIBLE = re.compile(f"[&{_NOTHING.pattern[1:-1]}]")
# What parts words in most texts beside ASCII's own, in one spelling: the rest of the text is often ASCII then. One
# character for one, so that places stay what they are.
_USUAL = (
    *((mark, "'") for mark in "\u2019\u2018\u02bc\u2032\uff07`"),
    *((mark, " ") for mark in "\u201c\u201d\u201e\u00ab\u00bb\u2013\u2014\u2026\u00a0\u202f\u2022\u2009"),
)
# A literal comes first, which the scanner leaps to.
_POSSESSIVE = re.compile(f"'(?<=[^\\W_]'|\\.')[sS](?!{_CHAR}|[{_MARKS}]|{_INNER})")
_SPECIAL = re.compile(
    f"[{_SPACELESS}{_MARKS}]|(?<={_CYRILLIC})'(?={_CYRILLIC})|(?<={_HEBREW})[\"'\u05f3\u05f4](?={_HEBREW})"
)
_SIMPLE = re.compile(r"[^\W_]+")
_DOT = re.compile(r"\.[^\W\d_](?![^\W_])")
_DOTTED = re.compile(f"(?<![^\\W_])(?<!\\.)(?:{_LETTER}\\.)+{_LETTER}(?![^\\W_])")

_ASCII_DOT = re.compile(r"\.[A-Za-z](?![A-Za-z0-9])")
_ASCII_DOTTED = re.compile(r"(?<![A-Za-z0-9.])(?:[A-Za-z]\.)+[A-Za-z](?![A-Za-z0-9])")
_ASCII_POSSESSIVE = re.compile(r"'(?<=[A-Za-z0-9.]')[sS](?![A-Za-z0-9])")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_ASCII_FOLDED = str.maketrans({chr(code): chr(code).lower() if chr(code).isalnum() else " " for code in range(128)})
_ASCII_PARTED = str.maketrans({chr(code): chr(code) if chr(code).isalnum() else " " for code in range(128)})


def tokens(text: str) -> list[str]:
    """Split a text into folded tokens, in order."""
    text = _usual(text)
    if text.isascii() and "&" not in text:
        return _ascii_joined(text).translate(_ASCII_FOLDED).split()
    return [fold(word) for word in _words(text)]


def split_written_words(text: str) -> list[str]:
    """Return each of `tokens(text)` as it is written, for exact comparison: without acronym dots, invisible marks and
    read entities, apostrophes in one spelling."""
    text = _usual(text)
    if text.isascii() and "&" not in text:
        return _ascii_joined(text).translate(_ASCII_PARTED).split()
    return _words(text)


def join_words(text: str) -> tuple[str, str]:
    """Return `split_written_words(text)` and `tokens(text)`, each in one string with a blank between.

    Where the text is plain, words stand at the same places in both.
    """
    text = _usual(text)
    if text.isascii() and "&" not in text:
        written = " ".join(_ascii_joined(text).translate(_ASCII_PARTED).split())
        return written, written.lower()
    words = _words(text)
    return " ".join(words), " ".join([fold(word) for word in words])


def list_word_spans(text: str) -> list[tuple[int, int]]:
    """Return where each of `tokens(text)` stands: [start, end) in code points of the text as it is."""
    text = _usual(text)
    if text.isascii() and "&" not in text and _ASCII_DOT.search(text) is None:
        return [match.span() for match in _ASCII_WORD.finditer(_ASCII_POSSESSIVE.sub("  ", text))]
    return [(start, end) for _word, start, end in _walk(text)]


def part_words(text: str) -> str | None:
    """Return a text with a blank for all that is no word, as long as before, for `find_word_span`.

    None where single characters do not show where words end: `list_word_spans` lists them then.
    """
    text = _usual(text)
    if not text.isascii() or "&" in text or _ASCII_DOT.search(text) is not None:
        return None
    return _ASCII_POSSESSIVE.sub("  ", text).translate(_ASCII_PARTED)


def find_word_span(parted: str, first: int, last: int) -> tuple[int, int]:
    """Return where the words `first` to `last` of a parted text begin and end, in a fraction of the time of all words.

    Raises IndexError where there are not so many words.
    """
    # What is left after a number of words shows where the next one begins.
    rest = parted.split(None, first)[first]
    ending = rest.split(None, last - first)[last - first]
    return len(parted) - len(rest), len(parted) - len(ending) + len(ending.partition(" ")[0])


def encode(token: str) -> str:
    """Encode a token in ASCII for the databases' index; a prefix of a token becomes a prefix of its code."""
    if token.isascii():
        return token
    return _known(token) if len(token) <= MAX_CACHED_LENGTH else _encoded(token)


def _encoded(token: str) -> str:
    return "".join(c if c.isascii() else f"q{ord(c):05x}" for c in token)


_known = lru_cache(maxsize=16_384)(_encoded)


def index_text(*fields: str) -> str:
    """Return the index tokens of some fields: ASCII words, one space between."""
    return encode_folded(*(" ".join(tokens(field)) for field in fields if field))


def encode_folded(*folded: str) -> str:
    """Return the index tokens of fields whose folded tokens are joined already, as those of `joined` are."""
    text = " ".join(filter(None, folded))
    return text if text.isascii() else " ".join(encode(token) for token in text.split(" "))


def _usual(text: str) -> str:
    if text.isascii():
        return text if "`" not in text else text.replace("`", "'")
    for mark, plain in _USUAL:
        if mark in text:
            text = text.replace(mark, plain)
    return text


def _ascii_joined(text: str) -> str:
    """Return a text with acronyms without their dots, and without possessives."""
    if "'" in text:
        text = _ASCII_POSSESSIVE.sub(" ", text)
    return text if _ASCII_DOT.search(text) is None else _ASCII_DOTTED.sub(_undotted, text)


def _words(text: str) -> list[str]:
    """Return the words of any text as they are written."""
    if _INVISIBLE.search(text) is not None:
        return [word for word, _start, _end in _walk(text)]
    text = _POSSESSIVE.sub(" ", text)
    if _SPECIAL.search(text) is None:
        return _SIMPLE.findall(text if _DOT.search(text) is None else _DOTTED.sub(_undotted, text))
    return [word.replace(".", "") if "." in word else word for word in _TOKEN.findall(text)]


def _undotted(match: re.Match[str]) -> str:
    return match[0].replace(".", "")


def _walk(text: str) -> list[tuple[str, int, int]]:
    """Return each word as it is written, and where it stands."""
    clean, origin = _cleaned(text)
    match = []
    # As many blanks as letters: places stay what they are.
    for token in _TOKEN.finditer(_POSSESSIVE.sub("  ", clean)):
        word = token[0]
        start, end = token.span()
        if "." in word:
            word = word.replace(".", "")
        if origin is not None:
            start, end = origin[start], origin[end - 1] + 1
            if text[end - 1] == "&":
                end = text.index(";", end) + 1
        match.append((word, start, end))
    return match


def _cleaned(text: str) -> tuple[str, list[int] | None]:
    """Return a text with entities read and invisible marks dropped, and where each of its characters came from."""
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
    return _usual("".join(characters)), origin

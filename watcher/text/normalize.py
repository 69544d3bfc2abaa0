"""Words in the form that is compared: case, width, accents and the letter variants of several scripts."""

from __future__ import annotations

import re
import unicodedata

MAX_CACHED_LENGTH = 100
"""Longer words are not remembered: what has no blanks may be as long as a document."""
_MAX_CACHED_WORDS = 200_000
_cache: dict[str, str] = {}

_VARIANTS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ŋ": "n", "ħ": "h", "ŧ": "t",
        "ё": "е",  # Russian prints one for the other
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ة": "ه", "ک": "ك", "ؤ": "و", "ـ": "",
    }
)  # fmt: skip
# Accents are dropped on Latin and Greek alone: й is no и, and ї no і.
_ACCENTED = re.compile("([a-z\u0370-\u03ff\u1f00-\u1fff])[\u0300-\u036f]+")
# Vowel points and stress say how a word is read, not which one it is.
_POINTS = re.compile(
    "[\u0301\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200c-\u200f\u2060\ufeff\u00ad]"
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""A character that is still written as HTML does."""
_NOT_WORD = re.compile(r"[^\w\u0900-\u0dff]+|_+")


def fold(word: str) -> str:
    """Return the form in which two spellings of a word are one; never empty for a word that is not."""
    folded = _cache.get(word)
    if folded is None:
        folded = _fold(word) or word.casefold()
        if len(word) <= MAX_CACHED_LENGTH:
            if len(_cache) >= _MAX_CACHED_WORDS:
                _cache.clear()
            _cache[word] = folded
    return folded


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKC", word).casefold()
    if not plain.isascii():
        plain = _ACCENTED.sub(r"\1", unicodedata.normalize("NFD", plain))
        plain = unicodedata.normalize("NFC", plain)
        plain = _POINTS.sub("", plain).translate(_VARIANTS)
    return _NOT_WORD.sub("", plain)


# What parts words in most texts beside ASCII's own, in one spelling: the rest of the text is often ASCII then. One
# character for one, so that places stay what they are.
USUAL_MARKS = (
    *((mark, "'") for mark in "\u2019\u2018\u02bc\u2032\uff07`"),
    *((mark, " ") for mark in "\u201c\u201d\u201e\u00ab\u00bb\u2013\u2014\u2026\u00a0\u202f\u2022\u2009"),
)


def replace_usual_marks(text: str) -> str:
    """Return a text with the marks that part words in most texts in one spelling."""
    if text.isascii():
        return text if "`" not in text else text.replace("`", "'")
    for mark, plain in USUAL_MARKS:
        if mark in text:
            text = text.replace(mark, plain)
    return text

"""Words of texts in any script, as they are written; see `tokenizer`, which needs none of it for plain ASCII.

Its patterns hold all of Han and Kana: to compile them takes as long as a short command's own work.
"""

from __future__ import annotations

import re
from html import unescape

from watcher.text.normalize import ENTITY, replace_usual_marks

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

_INVISIBLE = re.compile(f"[&{_NOTHING.pattern[1:-1]}]")
# A literal comes first, which the scanner leaps to.
_POSSESSIVE = re.compile(f"'(?<=[^\\W_]'|\\.')[sS](?!{_CHAR}|[{_MARKS}]|{_INNER})")
_SPECIAL = re.compile(
    f"[{_SPACELESS}{_MARKS}]|(?<={_CYRILLIC})'(?={_CYRILLIC})|(?<={_HEBREW})[\"'\u05f3\u05f4](?={_HEBREW})"
)
_MAY_BELONG = re.compile(f"[^\\W_]|[{_SPACELESS}{_MARKS}{_NOTHING.pattern[1:-1]}]")
_SIMPLE = re.compile(r"[^\W_]+")
_DOT = re.compile(r"\.[^\W\d_](?![^\W_])")
_DOTTED = re.compile(f"(?<![^\\W_])(?<!\\.)(?:{_LETTER}\\.)+{_LETTER}(?![^\\W_])")


def split_any_words(text: str) -> list[str]:
    """Return the words of any text as they are written."""
    if _INVISIBLE.search(text) is not None:
        return [word for word, _start, _end in list_any_words(text)]
    text = _POSSESSIVE.sub(" ", text)
    if _SPECIAL.search(text) is None:
        return _SIMPLE.findall(text if _DOT.search(text) is None else _DOTTED.sub(_undotted, text))
    return [word.replace(".", "") if "." in word else word for word in _TOKEN.findall(text)]


def may_belong_to_word(characters: str) -> bool:
    """Return whether any of some characters is part of a word, or nothing at all, beside others."""
    return _MAY_BELONG.search(characters) is not None


def _undotted(match: re.Match[str]) -> str:
    return match[0].replace(".", "")


def list_any_words(text: str) -> list[tuple[str, int, int]]:
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
    entities = "&" in text and ENTITY.search(text) is not None
    if not entities and _NOTHING.search(text) is None:
        return text, None
    characters: list[str] = []
    origin: list[int] = []
    position = 0
    while position < len(text):
        if text[position] == "&" and (entity := ENTITY.match(text, position)) is not None:
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
    return replace_usual_marks("".join(characters)), origin

"""The leaves of a query: a word or words side by side, each by a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from watcher.match.node import Node, NodeFormatter
from watcher.text.normalize import MAX_CACHED_LENGTH


@dataclass(frozen=True, slots=True)
class Literal:
    """A word as it is, folded."""

    word: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins so, folded."""

    start: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A word with gaps: `?` is one character, `*` any number."""

    pattern: str

    def matches(self, word: str) -> bool:
        """Return whether a folded word fits the pattern, in time that grows with the word's length alone."""
        if "*" not in self.pattern:
            return len(word) == len(self.pattern) and _fits_at(self.pattern, word, 0)
        first, *others = self.pattern.split("*")
        *middle, last = others
        end = len(word) - len(last)
        position = len(first)
        if end < position or not _fits_at(first, word, 0) or not _fits_at(last, word, end):
            return False
        # Each part as early as possible: that leaves the most room for the rest, so that no other place needs a try.
        for part in middle:
            position = _find_end(part, word, position, end)
            if position < 0:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Inflections:
    """Any inflection of a word (`share~`), expanded when the query is parsed; `language` as written after the ~."""

    word: str
    language: str
    forms: frozenset[str]


WordPattern: TypeAlias = Literal | Prefix | Wildcard | Inflections


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """Word patterns side by side; `exact` are the words as written, case and all, where the query asks for that (=)."""

    parts: tuple[WordPattern, ...]
    exact: tuple[str, ...] = ()

    def format(self, format_node: NodeFormatter) -> str:
        """Return the words; quoted where there are several, or where one word would be taken for an operator."""
        if self.exact:
            return f'="{" ".join(self.exact)}"' if len(self.exact) > 1 else f"={self.exact[0]}"
        text = " ".join(map(_format_pattern, self.parts))
        return f'"{text}"' if len(self.parts) > 1 or text in {"and", "or", "not"} else text

    def label(self) -> str:
        """Return the kind of clause."""
        return "words"


def matches_word(pattern: WordPattern, word: str) -> bool:
    """Return whether a folded word matches a pattern."""
    match pattern:
        case Literal(word=literal):
            return word == literal
        case Prefix(start=start):
            return word.startswith(start)
        case Inflections(forms=forms):
            return word in forms
        case Wildcard(pattern=text):
            return _fits_known(text, word) if len(word) <= MAX_CACHED_LENGTH else pattern.matches(word)


@lru_cache(maxsize=16_384)
def _fits_known(pattern: str, word: str) -> bool:
    """Return whether a word fits a wildcard: the words of the news are the same every day."""
    return Wildcard(pattern).matches(word)


def _format_pattern(pattern: WordPattern) -> str:
    match pattern:
        case Literal(word=word):
            return word
        case Prefix(start=start):
            return f"{start}*"
        case Wildcard(pattern=text):
            return text
        case Inflections(word=word, language=language):
            return f"{word}~" if language == "en" else f"{word}~{language}"


def _fits_at(part: str, word: str, position: int) -> bool:
    if "?" not in part:
        return word.startswith(part, position)
    fits = len(word) >= position + len(part)
    return fits and all(mark in {"?", word[position + offset]} for offset, mark in enumerate(part))


def _find_end(part: str, word: str, position: int, end: int) -> int:
    """Return the position after the first occurrence of a part between two positions; -1 where there is none."""
    if "?" not in part:
        start = word.find(part, position, end)
    else:
        starts = range(position, end - len(part) + 1)
        start = next((start for start in starts if _fits_at(part, word, start)), -1)
    return start + len(part) if start >= 0 else -1

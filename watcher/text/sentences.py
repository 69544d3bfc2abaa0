"""Splits a text into its sentences, in any script."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENDS = re.compile(
    r"""
      (?:[.!?…]+["'”’»)\]]* (?=\s)              # Latin, Cyrillic, Greek: an end is followed by space
      | [。！？｡．]+["'”’」』）》】]*               # Chinese and Japanese: by nothing
      | [؟۔।॥։።။]+ ["'”’»)\]]*                  # Arabic, Urdu, Devanagari, Armenian, Ethiopic, Burmese
      | \n+)
    """,
    re.VERBOSE,
)
_NEXT = re.compile(r"\S")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“«])(?:\w|\w\.\w|(?:\w\.)+\w|Mr|Mrs|Ms|Dr|St|Gen|Col|Lt|Sen|Rep|Gov|Prof|No|vs|bzw|etc|Nr|ul|im|св)\.$"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text: `text` is `source[start:end]`."""

    text: str
    start: int
    end: int


def find_sentences(text: str) -> tuple[Sentence, ...]:
    """Split a text into its sentences, without the space around them; raises nothing, whatever the script."""
    sentences: list[Sentence] = []
    start = 0
    for match in _ENDS.finditer(text):
        if match[0].startswith(".") and _is_inside(text, start, match):
            continue
        _add_sentence(sentences, text, start, match.end())
        start = match.end()
    _add_sentence(sentences, text, start, len(text))
    return tuple(sentences)


def _is_inside(text: str, start: int, match: re.Match[str]) -> bool:
    """Return whether a full stop belongs to an abbreviation or a number: no sentence begins in lower case."""
    following = _NEXT.search(text, match.end())
    return (following is not None and following[0].islower()) or _ABBREVIATION.search(
        text[start : match.start() + 1]
    ) is not None


def _add_sentence(sentences: list[Sentence], text: str, start: int, end: int) -> None:
    part = text[start:end]
    trimmed = part.strip()
    if trimmed:
        begin = start + len(part) - len(part.lstrip())
        sentences.append(Sentence(trimmed, begin, begin + len(trimmed)))

"""The text that stands for an entry, and its sentences. Needs no numpy."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_SUMMARY_CHARACTERS = 300
"""More costs time in proportion and found no more (bench/meaning.py)."""
_ENDS = re.compile(
    r"""
      (?:[.!?…]+["'”’»)\]]* (?=\s)      # Latin, Cyrillic, Greek: an end is followed by space
      | [。！？｡]+["'”’」』）]*            # Chinese and Japanese: by nothing
      | [؟۔।॥։။።]+ ["'”’»)\]]*          # Arabic, Urdu, Devanagari, Armenian, Burmese, Ethiopic
      | \n+)
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“«])(?:\w|\w\.\w|(?:\w\.)+\w|Mr|Mrs|Ms|Dr|St|Gen|Col|Lt|Sen|Rep|Gov|Prof|No|vs|bzw|etc|Nr|ul|im|св)\.$"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text: `text` is `source[start:end]`."""

    text: str
    start: int
    end: int


def build_passage(title: str, summary: str, content: str = "") -> str:
    """Return the text that is encoded for an entry: the title, and a line with the start of the summary or content."""
    headline = " ".join(title.split())
    body = " ".join((summary.strip() or content.strip())[: 2 * MAX_SUMMARY_CHARACTERS].split())[:MAX_SUMMARY_CHARACTERS]
    if not body or body == headline:
        return headline
    return f"{headline}\n{body}" if headline else body


def build_title(title: str, passage: str) -> str:
    """Return the text of a title that is encoded beside a passage; empty where it is all of it, or there is none."""
    headline = " ".join(title.split())
    return headline if headline != passage else ""


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
    following = text[match.end() :].lstrip()[:1]
    return following.islower() or _ABBREVIATION.search(text[start : match.start() + 1]) is not None


def _add_sentence(sentences: list[Sentence], text: str, start: int, end: int) -> None:
    part = text[start:end]
    trimmed = part.strip()
    if trimmed:
        begin = start + len(part) - len(part.lstrip())
        sentences.append(Sentence(trimmed, begin, begin + len(trimmed)))

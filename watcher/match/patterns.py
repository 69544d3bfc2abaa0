"""The strings by which one scan finds the phrases of many queries, and which of them an entry must contain."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from watcher.match.fields import SCOPES, TEXT_FIELDS
from watcher.match.node import Node
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.phrase import Inflections, Literal, Phrase, Prefix
from watcher.match.required import build_requirement
from watcher.text.news_words import COMMON_IN_NEWS

PatternGroup: TypeAlias = frozenset[int]
"""Numbers of patterns of which an entry must contain at least one."""
MAX_PATTERNS_PER_PHRASE = 48


@dataclass(frozen=True, slots=True)
class PhrasePattern:
    """A string that occurs in a text of padded words wherever a phrase does; `conclusive` where the phrase occurs
    wherever the string does."""

    text: str
    conclusive: bool


def list_patterns(phrase: Phrase) -> tuple[PhrasePattern, ...]:
    """Return strings of which one occurs wherever the phrase does."""
    spellings: list[tuple[str, ...]] = [()]
    conclusive = not phrase.exact
    for index, part in enumerate(phrase.parts):
        options: tuple[str, ...]
        match part:
            case Literal(word=word):
                options = (word + " ",)
            case Inflections(forms=forms):
                options = tuple(sorted(form + " " for form in forms))
            case Prefix(start=start):
                options = (start,)
            case _:
                options = (part.pattern.split("*", 1)[0].split("?", 1)[0],)
        if index and len(spellings) * len(options) > MAX_PATTERNS_PER_PHRASE:
            return _pad(spellings, conclusive=False)
        spellings = [(*before, option) for before, option in product(spellings, options)]
        if not isinstance(part, Literal | Inflections):
            # What follows a prefix or a wildcard in the text is unknown: the pattern ends with it.
            complete = index == len(phrase.parts) - 1 and isinstance(part, Prefix)
            return _pad(spellings, conclusive=conclusive and complete)
    return _pad(spellings, conclusive=conclusive)


def list_required_groups(root: Node, get_group: Callable[[Phrase], PatternGroup]) -> list[PatternGroup]:
    """Return what an entry must contain: one pattern of each group. Empty where nothing can be required."""
    return build_requirement(root, _GroupBuilder(get_group))


class _GroupBuilder:
    def __init__(self, get_group: Callable[[Phrase], PatternGroup]) -> None:
        self._get_group = get_group

    def phrase(self, phrase: Phrase) -> list[PatternGroup]:
        """Return the group of the phrase's patterns."""
        return [self._get_group(phrase)]

    def all_of(self, parts: Sequence[list[PatternGroup]]) -> list[PatternGroup]:
        """Return the groups of all parts."""
        return [group for groups in parts for group in groups]

    def any_of(self, options: Sequence[list[PatternGroup]]) -> list[PatternGroup]:
        """Return one group: the smallest one of each option."""
        if not all(options):
            return []
        return [frozenset().union(*(min(option, key=len) for option in options))]

    def covers(self, scope: str) -> bool:
        """Return whether the scope's fields are in the padded text."""
        return set(SCOPES[scope]) <= set(TEXT_FIELDS)


def split_residual(
    root: Node, conclusive_patterns: Callable[[Phrase], object | None]
) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Return what remains to be evaluated where one pattern of each group occurs: parts that have to match, and those
    that must not."""
    parts, without = (root.parts, root.without) if isinstance(root, And) else ((root,), ())
    return tuple(part for part in parts if not is_decided_by_patterns(part, conclusive_patterns)), without


def is_decided_by_patterns(node: Node, conclusive_patterns: Callable[[Phrase], object | None]) -> bool:
    """Return whether a node matches wherever one of its patterns occurs."""
    options = node.parts if isinstance(node, Or) else (node,)
    return all(isinstance(option, Phrase) and conclusive_patterns(option) is not None for option in options)


def is_literal(phrase: Phrase) -> bool:
    """Return whether a phrase has one pattern, made of all its words."""
    return all(isinstance(part, Literal) for part in phrase.parts)


def ends_inside_word(phrase: Phrase) -> bool:
    """Return whether the last pattern of a phrase ends inside a word."""
    return isinstance(phrase.parts[-1], Prefix)


def estimate_frequency(pattern: str) -> float:
    """Return a guess how often a pattern occurs in news: long ones and phrases seldom, common words in every item."""
    words = pattern.split()
    if not pattern.endswith(" "):
        return 2.0 * math.exp(-0.45 * len(pattern))
    common = sum(word in COMMON_IN_NEWS for word in words)
    return math.exp(-0.4 * len(pattern.strip()) + 2.5 * common) + 0.0005


def _pad(spellings: list[tuple[str, ...]], *, conclusive: bool) -> tuple[PhrasePattern, ...]:
    return tuple(PhrasePattern(" " + "".join(spelling), conclusive) for spelling in spellings)

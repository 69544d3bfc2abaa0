"""How a query is looked for among many: the strings that betray each leaf, and which of them an entry must hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from watcher.match.syntax import (
    SCOPES,
    TEXT_FIELDS,
    And,
    AtLeast,
    FieldEquals,
    FieldScope,
    First,
    Inflections,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
    Prefix,
)
from watcher.text.stopwords import COMMON_IN_NEWS

PatternGroup: TypeAlias = frozenset[int]
"""Patterns of which an entry must hold at least one."""
MAX_PATTERNS_PER_LEAF = 48


@dataclass(frozen=True, slots=True)
class LeafPattern:
    """A string that betrays a leaf in a text of padded words; `certain` where finding it is finding the leaf."""

    pattern: str
    certain: bool


def leaf_patterns(leaf: Phrase) -> tuple[LeafPattern, ...]:
    """Give the strings one of which occurs wherever the leaf does."""
    spellings: list[tuple[str, ...]] = [()]
    certain = not leaf.exact
    for index, part in enumerate(leaf.parts):
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
        if index and len(spellings) * len(options) > MAX_PATTERNS_PER_LEAF:
            return _padded(spellings, certain=False)
        spellings = [(*before, option) for before, option in product(spellings, options)]
        if not isinstance(part, Literal | Inflections):
            complete = index == len(leaf.parts) - 1 and isinstance(part, Prefix)
            return _padded(spellings, certain=certain and complete)
    return _padded(spellings, certain=certain)


def required_groups(node: Node, number: Callable[[Phrase], PatternGroup]) -> list[PatternGroup]:
    """Give what an entry must hold: one pattern of each group. Empty where nothing can be said."""
    match node:
        case Phrase():
            return [number(node)]
        case FieldEquals():
            return []
        case And(parts=parts):
            return [group for part in parts for group in required_groups(part, number)]
        case Or(parts=parts):
            options = [required_groups(part, number) for part in parts]
            if not all(options):
                return []
            return [frozenset().union(*(min(option, key=len) for option in options))]
        case Near(left=left, right=right):
            return required_groups(left, number) + required_groups(right, number)
        case NotNear(left=left):
            return required_groups(left, number)
        case AtLeast(part=part) | First(part=part):
            return required_groups(part, number)
        case FieldScope(field=field, part=part):
            return required_groups(part, number) if set(SCOPES[field]) <= set(TEXT_FIELDS) else []


def residual_nodes(root: Node, enough: Callable[[Phrase], object | None]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Give what is left to look at when one pattern of each group occurs: parts that have to hold, and those that must
    not."""
    parts, without = (root.parts, root.without) if isinstance(root, And) else ((root,), ())
    return tuple(part for part in parts if not is_decided_by_patterns(part, enough)), without


def is_decided_by_patterns(node: Node, enough: Callable[[Phrase], object | None]) -> bool:
    """Tell whether finding one of a node's patterns is finding the node."""
    options = node.parts if isinstance(node, Or) else (node,)
    return all(isinstance(option, Phrase) and enough(option) is not None for option in options)


def is_literal(leaf: Phrase) -> bool:
    """Tell whether a leaf has one pattern, of all its words."""
    return all(isinstance(part, Literal) for part in leaf.parts)


def estimate_frequency(pattern: str) -> float:
    """Guess how often a pattern occurs in news: long ones and phrases seldom, the commonest words in every item."""
    words = pattern.split()
    if not pattern.endswith(" "):
        return 2.0 * math.exp(-0.45 * len(pattern))
    common = sum(word in COMMON_IN_NEWS for word in words)
    return math.exp(-0.4 * len(pattern.strip()) + 2.5 * common) + 0.0005


def _padded(spellings: list[tuple[str, ...]], *, certain: bool) -> tuple[LeafPattern, ...]:
    return tuple(LeafPattern(" " + "".join(spelling), certain) for spelling in spellings)

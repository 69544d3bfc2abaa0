"""The topic language as frozen nodes, its sets expanded and its words folded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

TEXT_FIELDS = ("title", "summary", "content")
"""Where a query looks unless it says otherwise."""
WORD_FIELDS = (*TEXT_FIELDS, "author", "tags", "source", "feed", "url")
"""Fields that are split into words; `lang` and `domain` are compared whole."""

SCOPES: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "summary": ("summary",),
    "content": ("content",),
    "text": TEXT_FIELDS,
    "author": ("author",),
    "tag": ("tags",),
    "source": ("source",),
    "feed": ("feed",),
    "url": ("url",),
    "lang": ("lang",),
    "domain": ("domain",),
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A word as it is, folded."""

    word: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins so, folded."""

    start: str


@dataclass(frozen=True, slots=True)
class Wild:
    """A word with gaps: `?` is one character, `*` any number."""

    pattern: str

    def matches(self, word: str) -> bool:
        return _compiled(self.pattern).fullmatch(word) is not None


@dataclass(frozen=True, slots=True)
class Forms:
    """Any inflection of a word (`share~`), expanded when the query is read; `language` as written after the ~."""

    word: str
    language: str
    forms: frozenset[str]


Part: TypeAlias = Literal | Prefix | Wild | Forms


@dataclass(frozen=True, slots=True)
class Words:
    """A word or a phrase: parts side by side. `exact` are the surfaces that = asks for, case and all."""

    parts: tuple[Part, ...]
    exact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A field that is compared whole: `lang:en`, `domain:example.org`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class And:
    """All of these, none of `without`, anywhere in the entry."""

    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Both within one field, at most `gap` other words between; `ordered` wants the left one first."""

    left: Node
    right: Node
    gap: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class NotNear:
    """Each occurrence of the left that has no right one within `gap` words."""

    left: Node
    right: Node
    gap: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class AtLeast:
    count: int
    part: Node


@dataclass(frozen=True, slots=True)
class First:
    """Occurrences that lie within the first `count` words of their field."""

    count: int
    part: Node


@dataclass(frozen=True, slots=True)
class Scoped:
    field: str
    part: Node


Node: TypeAlias = Words | Whole | And | Or | Near | NotNear | AtLeast | First | Scoped


def parts_of(node: Node) -> tuple[Node, ...]:
    """Give the nodes right below a node."""
    match node:
        case And(parts=parts, without=without):
            return (*parts, *without)
        case Or(parts=parts):
            return parts
        case Near(left=left, right=right) | NotNear(left=left, right=right):
            return (left, right)
        case AtLeast(part=part) | First(part=part) | Scoped(part=part):
            return (part,)
        case Words() | Whole():
            return ()


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read; equal queries mean the same."""

    root: Node

    def canonical(self) -> str:
        """Write the query so that reading it again gives the same meaning, whatever way it was spelt."""
        from watcher.match.printer import canonical

        return canonical(self.root)


_patterns: dict[str, re.Pattern[str]] = {}


def _compiled(pattern: str) -> re.Pattern[str]:
    found = _patterns.get(pattern)
    if found is None:
        # Runs of stars are one: two in a row would let a hostile pattern take quadratic time for nothing.
        parts = re.split(r"(\*+|\?)", pattern)
        said = "".join("." if part == "?" else ".*" if part.startswith("*") else re.escape(part) for part in parts)
        found = _patterns[pattern] = re.compile(said)
    return found

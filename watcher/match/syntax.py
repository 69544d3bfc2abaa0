"""The topic language as frozen nodes, its sets expanded and its words folded."""

from __future__ import annotations

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
class Wildcard:
    """A word with gaps: `?` is one character, `*` any number."""

    pattern: str

    def matches(self, word: str) -> bool:
        if "*" not in self.pattern:
            return len(word) == len(self.pattern) and _stands(self.pattern, word, 0)
        first, *others = self.pattern.split("*")
        *middle, last = others
        end = len(word) - len(last)
        at = len(first)
        if end < at or not _stands(first, word, 0) or not _stands(last, word, end):
            return False
        for part in middle:  # each as early as can be: no way to place the rest is lost by it, and none is tried twice
            at = _next(part, word, at, end)
            if at < 0:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Inflections:
    """Any inflection of a word (`share~`), expanded when the query is read; `language` as written after the ~."""

    word: str
    language: str
    forms: frozenset[str]


WordPattern: TypeAlias = Literal | Prefix | Wildcard | Inflections


@dataclass(frozen=True, slots=True)
class Phrase:
    """A word or a phrase: parts side by side. `exact` are the surfaces that = asks for, case and all."""

    parts: tuple[WordPattern, ...]
    exact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldEquals:
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
class FieldScope:
    field: str
    part: Node


Node: TypeAlias = Phrase | FieldEquals | And | Or | Near | NotNear | AtLeast | First | FieldScope


def parts_of(node: Node) -> tuple[Node, ...]:
    """Give the nodes right below a node."""
    match node:
        case And(parts=parts, without=without):
            return (*parts, *without)
        case Or(parts=parts):
            return parts
        case Near(left=left, right=right) | NotNear(left=left, right=right):
            return (left, right)
        case AtLeast(part=part) | First(part=part) | FieldScope(part=part):
            return (part,)
        case Phrase() | FieldEquals():
            return ()


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read; equal queries mean the same."""

    root: Node


def _stands(part: str, word: str, at: int) -> bool:
    if "?" not in part:
        return word.startswith(part, at)
    return len(word) >= at + len(part) and all(mark in {"?", word[at + offset]} for offset, mark in enumerate(part))


def _next(part: str, word: str, at: int, end: int) -> int:
    """Give the place after the first occurrence of a part between two places; -1 where there is none."""
    if "?" not in part:
        found = word.find(part, at, end)
    else:
        found = next((start for start in range(at, end - len(part) + 1) if _stands(part, word, start)), -1)
    return found + len(part) if found >= 0 else -1

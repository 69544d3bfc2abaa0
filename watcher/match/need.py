"""What an entry's words must hold for a query to match: asked of an index, it misses no match and may be generous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from watcher.match.syntax import (
    And,
    AtLeast,
    First,
    Forms,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Query,
    Scoped,
    Whole,
    Wild,
    Words,
)
from watcher.match.syntax import Prefix as PrefixPart
from watcher.text.tokenizer import encode

_INDEXED = ("title", "summary", "content", "text", "author", "tag")
_LONGEST_OPTIONS = 2_000


@dataclass(frozen=True, slots=True)
class Token:
    """This index token."""

    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """An index token that begins so."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """These index tokens side by side."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """The index cannot help."""


Need: TypeAlias = Token | Prefix | Phrase | AllOf | AnyOf | Anything


def needs(query: Query) -> Need:
    """Say what the index has to hold for an entry that this query matches."""
    return _need(query.root, {})


def _need(node: Node, known: dict[int, Need]) -> Need:
    """Answer once for a node that stands in several places, as sets do; the query keeps its nodes alive meanwhile."""
    if id(node) not in known:
        known[id(node)] = _need_of(node, known)
    return known[id(node)]


def _need_of(node: Node, known: dict[int, Need]) -> Need:
    match node:
        case Words(parts=parts):
            if len(parts) > 1 and all(isinstance(part, Literal) for part in parts):
                return Phrase(tuple(encode(part.word) for part in parts if isinstance(part, Literal)))
            return _all([_part(part) for part in parts])
        case Whole():
            return Anything()
        case And(parts=parts):
            return _all([_need(part, known) for part in parts])
        case Or(parts=parts):
            return _any([_need(part, known) for part in parts])
        case Near(left=left, right=right):
            return _all([_need(left, known), _need(right, known)])
        case NotNear(left=left):
            return _need(left, known)
        case AtLeast(part=part) | First(part=part):
            return _need(part, known)
        case Scoped(field=field, part=part):
            return _need(part, known) if field in _INDEXED else Anything()


def _part(part: object) -> Need:
    match part:
        case Literal(word=word):
            return Token(encode(word))
        case PrefixPart(start=start):
            return Prefix(encode(start))
        case Forms(forms=forms):
            return _any([Token(encode(form)) for form in sorted(forms)])
        case Wild(pattern=pattern):
            start = pattern.split("*", 1)[0].split("?", 1)[0]
            return Prefix(encode(start)) if start else Anything()
        case _:
            return Anything()


def _all(parts: list[Need]) -> Need:
    useful = tuple(dict.fromkeys(part for part in parts if not isinstance(part, Anything)))
    return useful[0] if len(useful) == 1 else AllOf(useful) if useful else Anything()


def _any(parts: list[Need]) -> Need:
    if any(isinstance(part, Anything) for part in parts) or len(parts) > _LONGEST_OPTIONS:
        return Anything()
    flat: dict[Need, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, AnyOf) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else AnyOf(tuple(flat))

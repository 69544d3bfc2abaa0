"""What an entry's words must hold for a query to match: asked of an index, it misses no match and may be generous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from watcher.match.syntax import (
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
    Query,
    Wildcard,
)
from watcher.text.tokenizer import encode

_INDEXED = ("title", "summary", "content", "text", "author", "tag")
_LONGEST_OPTIONS = 2_000


@dataclass(frozen=True, slots=True)
class RequiredToken:
    """This index token."""

    text: str


@dataclass(frozen=True, slots=True)
class RequiredPrefix:
    """An index token that begins so."""

    text: str


@dataclass(frozen=True, slots=True)
class RequiredPhrase:
    """These index tokens side by side."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[RequiredTerms, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[RequiredTerms, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """The index cannot help."""


RequiredTerms: TypeAlias = RequiredToken | RequiredPrefix | RequiredPhrase | AllOf | AnyOf | Anything


def required_terms(query: Query) -> RequiredTerms:
    """Say what the index has to hold for an entry that this query matches."""
    return _need(query.root, {})


def _need(node: Node, known: dict[int, RequiredTerms]) -> RequiredTerms:
    """Answer once for a node that stands in several places, as sets do; the query keeps its nodes alive meanwhile."""
    if id(node) not in known:
        known[id(node)] = _need_of(node, known)
    return known[id(node)]


def _need_of(node: Node, known: dict[int, RequiredTerms]) -> RequiredTerms:
    match node:
        case Phrase(parts=parts):
            if len(parts) > 1 and all(isinstance(part, Literal) for part in parts):
                return RequiredPhrase(tuple(encode(part.word) for part in parts if isinstance(part, Literal)))
            return _all([_part(part) for part in parts])
        case FieldEquals():
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
        case FieldScope(field=field, part=part):
            return _need(part, known) if field in _INDEXED else Anything()


def _part(part: object) -> RequiredTerms:
    match part:
        case Literal(word=word):
            return RequiredToken(encode(word))
        case Prefix(start=start):
            return RequiredPrefix(encode(start))
        case Inflections(forms=forms):
            return _any([RequiredToken(encode(form)) for form in sorted(forms)])
        case Wildcard(pattern=pattern):
            start = pattern.split("*", 1)[0].split("?", 1)[0]
            return RequiredPrefix(encode(start)) if start else Anything()
        case _:
            return Anything()


def _all(parts: list[RequiredTerms]) -> RequiredTerms:
    useful = tuple(dict.fromkeys(part for part in parts if not isinstance(part, Anything)))
    return useful[0] if len(useful) == 1 else AllOf(useful) if useful else Anything()


def _any(parts: list[RequiredTerms]) -> RequiredTerms:
    if any(isinstance(part, Anything) for part in parts) or len(parts) > _LONGEST_OPTIONS:
        return Anything()
    flat: dict[RequiredTerms, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, AnyOf) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else AnyOf(tuple(flat))

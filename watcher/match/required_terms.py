"""The tokens that the full-text index must hold for a query to match: it misses no match and may find too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from watcher.match.phrase import Inflections, Literal, Phrase, Prefix, Wildcard, WordPattern
from watcher.match.required import build_requirement
from watcher.match.syntax import Query
from watcher.text.tokenizer import encode

_INDEXED_SCOPES = frozenset({"title", "summary", "content", "text", "author", "tag"})
_MAX_OPTIONS = 2_000


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
    """All of these."""

    parts: tuple[RequiredTerms, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these at least."""

    parts: tuple[RequiredTerms, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """The index cannot help."""


RequiredTerms: TypeAlias = RequiredToken | RequiredPrefix | RequiredPhrase | AllOf | AnyOf | Anything


def required_terms(query: Query) -> RequiredTerms:
    """Return what the index has to hold of an entry that this query matches."""
    return build_requirement(query.root, _TermBuilder())


class _TermBuilder:
    def phrase(self, phrase: Phrase) -> RequiredTerms:
        """Return the tokens side by side where all are literal, else the terms of each word."""
        literals = [part for part in phrase.parts if isinstance(part, Literal)]
        if len(literals) == len(phrase.parts) > 1:
            return RequiredPhrase(tuple(encode(part.word) for part in literals))
        return self.all_of([self._pattern(part) for part in phrase.parts])

    def all_of(self, parts: Sequence[RequiredTerms]) -> RequiredTerms:
        """Return the parts that the index can help with."""
        useful = tuple(dict.fromkeys(part for part in parts if not isinstance(part, Anything)))
        return useful[0] if len(useful) == 1 else AllOf(useful) if useful else Anything()

    def any_of(self, options: Sequence[RequiredTerms]) -> RequiredTerms:
        """Return the options in one list; Anything where one of them is, or where they are too many to ask for."""
        if any(isinstance(option, Anything) for option in options) or len(options) > _MAX_OPTIONS:
            return Anything()
        flat: dict[RequiredTerms, None] = {}
        for option in options:
            flat.update(dict.fromkeys(option.parts if isinstance(option, AnyOf) else (option,)))
        return next(iter(flat)) if len(flat) == 1 else AnyOf(tuple(flat))

    def covers(self, scope: str) -> bool:
        """Return whether the scope's fields are in the index."""
        return scope in _INDEXED_SCOPES

    def _pattern(self, pattern: WordPattern) -> RequiredTerms:
        match pattern:
            case Literal(word=word):
                return RequiredToken(encode(word))
            case Prefix(start=start):
                return RequiredPrefix(encode(start))
            case Inflections(forms=forms):
                return self.any_of([RequiredToken(encode(form)) for form in sorted(forms)])
            case Wildcard(pattern=text):
                start = text.split("*", 1)[0].split("?", 1)[0]
                return RequiredPrefix(encode(start)) if start else Anything()

"""Finds the words of one query in entries that come one after the other: those that a search reads.

Most searches are for a word or two. In a text whose words are folded in their places (`fold_in_place`) they are looked
up as they are, without a list of the text's words; entries with other texts are left to the matcher of all queries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from watcher.match.evidence import MAX_EVIDENCE
from watcher.match.explain import match_entry
from watcher.match.fields import TEXT_FIELDS
from watcher.match.format import format_clause
from watcher.match.node import Node
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.phrase import Inflections, Literal, Phrase
from watcher.match.place_evidence import build_from_fields
from watcher.match.syntax import Query
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence
from watcher.text.tokenizer import fold_in_place

MAX_WORDS = 12
"""A query of more words is left to the scan, which finds any number of them at once."""

EntryMatcher: TypeAlias = Callable[[StoredEntry], tuple[Evidence, ...] | None]
"""Returns the evidence, or None where the query does not match."""
_FindPlaces: TypeAlias = Callable[[str], list[tuple[int, int]]]
_Text: TypeAlias = tuple[str, str, str]
"""A field, its text, and that text folded in its place between two blanks."""
_Places: TypeAlias = list[list[tuple[int, int, str]]]
"""Of each text, where terms begin and end, and which clauses they are."""


class _Term(NamedTuple):
    """A word or a phrase: its text in the query, and what finds its places in a folded text between two blanks."""

    clause: str
    finders: tuple[_FindPlaces, ...]


class _Terms(NamedTuple):
    """One term of each of the `required` groups has to be there, and none of the `excluded`."""

    required: tuple[tuple[_Term, ...], ...]
    excluded: tuple[_Term, ...]


def build_word_matcher(query: Query) -> EntryMatcher | None:
    """Return `match_entry` for a query of few words, phrases and inflections that AND, OR and NOT join.

    None for other queries.
    """
    words: list[str] = []
    terms = _list_terms(query.root, words)
    # A word that stands twice would be evidence twice.
    if terms is None or len(words) > MAX_WORDS or len(set(words)) < len(words):
        return None
    return partial(_match_words, query, terms)


def _match_words(query: Query, terms: _Terms, stored: StoredEntry) -> tuple[Evidence, ...] | None:
    texts = _fold_texts(stored)
    if texts is None:
        return match_entry(query, stored)
    places: _Places = [[] for _text in texts]
    for group in terms.required:
        if not _add_places(group, texts, places):
            return None
    if terms.excluded and _add_places(terms.excluded, texts, [[] for _text in texts]):
        return None
    evidence: list[Evidence] = []
    for (field, text, _folded), in_field in zip(texts, places, strict=True):
        in_field.sort()
        evidence += [build_from_fields((field, start, end, text[start:end], clause)) for start, end, clause in in_field]
    return tuple(evidence[:MAX_EVIDENCE])


def _fold_texts(stored: StoredEntry) -> list[_Text] | None:
    """Return the fields of an entry that have a text; None where one of them cannot be folded in its place."""
    item = stored.entry.item
    texts: list[_Text] = []
    for field, text in zip(TEXT_FIELDS, (item.title, item.summary, item.content), strict=True):
        if text:
            if (folded := fold_in_place(text)) is None:
                return None
            texts.append((field, text, f" {folded} "))
    return texts


def _add_places(group: Sequence[_Term], texts: Sequence[_Text], places: _Places) -> bool:
    """Add where the terms of a group are, each text's to its own list; returns whether there is any."""
    is_there = False
    for (_field, _text, folded), in_field in zip(texts, places, strict=True):
        for clause, finders in group:
            for find_places in finders:
                for start, end in find_places(folded):
                    in_field.append((start, end, clause))
                    is_there = True
    return is_there


def _list_terms(root: Node, words: list[str]) -> _Terms | None:
    """Return what a query asks for, and add its words to a list; None where it asks for more than words."""
    parts, without = (root.parts, root.without) if isinstance(root, And) else ((root,), ())
    required = [_list_options(part, words) for part in parts]
    excluded = [_list_options(part, words) for part in without]
    if not all(required) or not all(excluded):
        return None
    return _Terms(tuple(required), tuple(term for terms in excluded for term in terms))


def _list_options(node: Node, words: list[str]) -> tuple[_Term, ...]:
    """Return the terms of an OR of words, or of one word; nothing where it is more than that."""
    options = node.parts if isinstance(node, Or) else (node,)
    terms = [_build_term(option, words) for option in options]
    return tuple(term for term in terms if term is not None) if None not in terms else ()


def _build_term(node: Node, words: list[str]) -> _Term | None:
    if not isinstance(node, Phrase) or node.exact:
        return None
    forms: list[str]
    match node.parts:
        case (Literal(word=word),):
            forms = [word]
        case (Inflections(forms=inflections),):
            forms = [*inflections]
        case _ if all(isinstance(part, Literal) for part in node.parts):
            # Between two words of a phrase the text may have any number of characters that part them.
            forms = [" ".join(part.word for part in node.parts if isinstance(part, Literal))]
        case _:
            return None
    words += forms
    return _Term(format_clause(node), tuple(map(_build_finder, forms)))


def _build_finder(words: str) -> _FindPlaces:
    if " " not in words:
        return partial(_find_word, f" {words} ", len(words))
    # The last blank of one place may be the first of the next, and places may overlap.
    pattern = re.compile(f" (?=({' +'.join(map(re.escape, words.split(' ')))}) )")
    return partial(_find_phrase, pattern)


def _find_word(padded: str, length: int, folded: str) -> list[tuple[int, int]]:
    """Return where a word begins and ends in the text that is folded: the blank before it shifts all by one."""
    places = []
    start = folded.find(padded)
    while start >= 0:
        places.append((start, start + length))
        start = folded.find(padded, start + length + 1)
    return places


def _find_phrase(pattern: re.Pattern[str], folded: str) -> list[tuple[int, int]]:
    return [(match.start(1) - 1, match.end(1) - 1) for match in pattern.finditer(folded)]

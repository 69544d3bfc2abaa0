"""What a query means: the occurrences of its words in an entry, combined as its operators say.

An occurrence is a range of words in one field, and the words in it that count as evidence. Every operator but NOT works
on lists of occurrences; a list is in order and holds none twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from watcher.match.budget import get_current_check
from watcher.match.entry_text import EntryText
from watcher.match.fields import FIELD_NUMBERS, TEXT_FIELDS
from watcher.match.node import Fields, Node, Occurrence, build_leaf, build_occurrence
from watcher.match.phrase import Inflections, Literal, Phrase, matches_word

OccurrenceCache: TypeAlias = dict[tuple[int, Fields, int | None], list[Occurrence] | None]
"""Occurrences by node id, fields and limit."""


class Evaluator:
    """Evaluates queries in one entry. Where phrases occur, a subclass knows."""

    def __init__(self, entry: EntryText) -> None:
        self.entry = entry
        self.check = get_current_check()
        self._cache: OccurrenceCache = {}

    def find_phrase(self, phrase: Phrase, field: str) -> list[tuple[int, int]]:
        """Return (first, last) word of each occurrence of a phrase in a field, sorted."""
        raise NotImplementedError

    def plausible_options(self, node: Node, fields: Fields) -> Iterable[Node]:
        """Return the options of an OR, in order, without those that cannot match."""
        return node.children()

    def find_occurrences(
        self, node: Node, fields: Fields = TEXT_FIELDS, limit: int | None = None
    ) -> list[Occurrence] | None:
        """Return where a node matches, within the first `limit` words of each field; None where it does not.

        A node without words of its own (lang:, domain:) returns [].
        """
        if isinstance(node, Phrase):
            return self._find_leaves(node, fields, limit)
        cache, key = self._cache, (id(node), fields, limit)
        if key in cache:
            return cache[key]
        if self.check is not None:
            self.check()
        occurrences = node.find_occurrences(self, fields, limit)
        if node.is_shared:
            cache[key] = occurrences
        return occurrences

    def find_cached_occurrences(self, node: Node, fields: Fields) -> list[Occurrence] | None:
        """Return where a node matches and keep that: what is nested deep is not evaluated again at every level."""
        occurrences = self.find_occurrences(node, fields)
        if not isinstance(node, Phrase):
            self._cache[id(node), fields, None] = occurrences
        return occurrences

    def discard_cached(self, nodes: Iterable[Node], fields: Fields) -> None:
        """Discard what was kept of some nodes, except of shared ones, which other queries may need."""
        for node in nodes:
            if not node.is_shared:
                self._cache.pop((id(node), fields, None), None)

    def _find_leaves(self, phrase: Phrase, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        occurrences = [
            build_occurrence(
                (
                    number,
                    first,
                    last,
                    (build_leaf((number, first, last, phrase)),),
                    (first,) if first == last else (*range(first, last + 1),),
                )
            )
            for field in fields
            for number in (FIELD_NUMBERS[field],)
            for first, last in self.find_phrase(phrase, field)
            if limit is None or last < limit
        ]
        return occurrences or None


class LinearEvaluator(Evaluator):
    """Looks phrases up in the entry's own words: the plain way, with which the index of many topics has to agree."""

    def find_phrase(self, phrase: Phrase, field: str) -> list[tuple[int, int]]:
        """Return (first, last) word of each occurrence of a phrase in a field, sorted."""
        if self.check is not None:
            self.check()
        entry = self.entry
        # The first word proposes places, the others are compared there. Words that are spelt out are looked up; a
        # prefix or wildcard has to be compared with every different word.
        lead = phrase.parts[0]
        starts: list[int]
        match lead:
            case Literal(word=word):
                starts = entry.word_positions(field, word)
            case Inflections(forms=forms):
                starts = sorted(position for form in forms for position in entry.word_positions(field, form))
            case _:
                by_word = entry.positions(field)
                starts = sorted(
                    at for word, positions in by_word.items() if matches_word(lead, word) for at in positions
                )
        if len(phrase.parts) == 1 and not phrase.exact:
            return [(start, start) for start in starts]
        width = len(phrase.parts) - 1
        return [(start, start + width) for start in starts if phrase_occurs_at(phrase, field, start, entry)]


def phrase_occurs_at(phrase: Phrase, field: str, first: int, entry: EntryText) -> bool:
    """Return whether a phrase, and its exact spelling, occur in a field from word `first` on."""
    words = entry.words(field)
    if first + len(phrase.parts) > len(words):
        return False
    for offset, pattern in enumerate(phrase.parts):
        if not matches_word(pattern, words[first + offset]):
            return False
    return all(entry.written_word(field, first + offset) == word for offset, word in enumerate(phrase.exact))

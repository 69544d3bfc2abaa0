"""Relaxes a query in one place at a time: where it may ask for too much. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from watcher.match import EntryText, Query
from watcher.match.evaluate import LinearEvaluator
from watcher.match.evidence import leaf_position
from watcher.match.fields import WORD_FIELDS
from watcher.match.format import format_clause
from watcher.match.inflections import get_inflections, load_inflections
from watcher.match.node import Occurrence
from watcher.match.syntax import Inflections, Literal, Near, Node, Or, Phrase
from watcher.topics.named_query import NamedQuery
from watcher.topics.rewrite import iter_positive_nodes, replace_nodes

MAX_TOTAL_NODES, MIN_RELAXATIONS = 100_000, 20
"""A long query is relaxed in fewer places: each relaxation is a query of its own, almost as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A query with one thing relaxed: `kind` in a word, `description` for a person. `query` finds what the relaxed one
    finds beyond the query itself: of an OR that is all there is, only the options that changed.

    Where the relaxation is about how words are written it stands for many small ones: `originals` then has, for each
    relaxed phrase, the one that it stands for, so that those that mattered can be named.
    """

    kind: str
    description: str
    query: Query
    originals: Mapping[Node, Phrase] = field(default_factory=dict)

    def describe(self, occurrences: Sequence[Occurrence], entry: EntryText) -> str:
        """Return the description with the words of this entry that needed the relaxation, where it is about words."""
        if not self.originals:
            return self.description
        leaves = {leaf for occurrence in occurrences for leaf in occurrence.leaves if leaf.phrase in self.originals}
        evaluator = LinearEvaluator(entry)
        words: dict[str, None] = {}
        for number, first, last, phrase in sorted(leaves, key=leaf_position):
            name, original = WORD_FIELDS[number], self.originals[phrase]
            occurs = evaluator.find_phrase(original, name)
            # Words that the query itself finds needed no relaxation.
            if (first, last) in occurs or (self.kind == "phrase" and occurs):
                continue
            start, end = entry.character_span(name, first, last)
            quoted = f"“{entry.text(name)[start:end]}”"
            words[format_clause(original) if self.kind == "phrase" else quoted] = None
        return f"{', '.join([*words][:5])} {self.description}".strip()


def list_relaxations(named: NamedQuery) -> tuple[Relaxation, ...]:
    """Return the ways to relax a query in one place, those that change its operators first."""
    root = named.query.root
    nodes = list(iter_positive_nodes(root))
    limit = max(MIN_RELAXATIONS, MAX_TOTAL_NODES // max(1, len(nodes)))
    of_operators = (
        Relaxation(kind=kind, description=description, query=_query_difference(root, {id(node): relaxed}))
        for node in nodes
        for kind, description, relaxed in node.relaxations(named)
    )
    return (*islice(of_operators, limit), *_relax_phrases(root, nodes))


def _relax_phrases(root: Node, nodes: list[Node]) -> Iterator[Relaxation]:
    """Relax every phrase in one way at once; which of them mattered is seen by the words that are found."""
    phrases = [node for node in nodes if isinstance(node, Phrase)]
    yield from _relax_all(root, phrases, "case", "in another case or with other accents", _allow_any_case)
    load_inflections((word, "en") for phrase in phrases if (word := _get_inflectable(phrase)) is not None)
    yield from _relax_all(root, phrases, "form", "as another inflection", _allow_inflections)
    long = [phrase for phrase in phrases if len(phrase.parts) > 1 and not phrase.exact]
    yield from _relax_all(root, long, "phrase", "with other words between", _allow_gaps)


def _relax_all(
    root: Node, phrases: list[Phrase], kind: str, description: str, relax: Callable[[Phrase], Node | None]
) -> Iterator[Relaxation]:
    changed: dict[int, Node] = {}
    originals: dict[Node, Phrase] = {}
    for phrase in phrases:
        relaxed = relax(phrase)
        if relaxed is not None and relaxed != phrase:
            changed[id(phrase)] = relaxed
            originals |= {node: phrase for node in iter_positive_nodes(relaxed) if isinstance(node, Phrase)}
    if changed:
        query = _query_difference(root, changed)
        yield Relaxation(kind=kind, description=description, query=query, originals=originals)


def _allow_any_case(phrase: Phrase) -> Node | None:
    return Phrase(phrase.parts) if phrase.exact else None


def _allow_inflections(phrase: Phrase) -> Node | None:
    """Return a single plain word of some length as any of its English inflections; None for any other phrase."""
    if (word := _get_inflectable(phrase)) is None:
        return None
    forms = get_inflections(word) | {word}
    return Phrase((Inflections(word, "en", forms),)) if len(forms) > 1 else None


def _get_inflectable(phrase: Phrase) -> str | None:
    if phrase.exact or len(phrase.parts) != 1 or not isinstance(part := phrase.parts[0], Literal):
        return None
    return part.word if len(part.word) >= 4 and part.word.isascii() and part.word.isalpha() else None


def _allow_gaps(phrase: Phrase) -> Node | None:
    """Return a phrase with up to two words between its own; None in a script without spaces, whose characters are the
    words."""
    if any(isinstance(part, Literal) and len(part.word) == 1 and not part.word.isascii() for part in phrase.parts):
        return None
    node: Node = Phrase(phrase.parts[:1])
    for part in phrase.parts[1:]:
        node = Near(node, Phrase((part,)), 2)
    return node


def _query_difference(root: Node, changed: Mapping[int, Node]) -> Query:
    """Return the query with some nodes changed, and without the options that stay as they are."""
    relaxed = replace_nodes(root, changed)
    if not (isinstance(root, Or) and isinstance(relaxed, Or)):
        return Query(relaxed)
    unchanged = {id(part) for part in root.parts}
    parts = tuple(part for part in relaxed.parts if id(part) not in unchanged)
    return Query(parts[0] if len(parts) == 1 else Or(parts))

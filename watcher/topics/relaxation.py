"""Loosens a query in one place at a time: what it may be asking too much of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from watcher.match import EntryText, Query
from watcher.match.evaluate import LinearFinder
from watcher.match.format import format_clause
from watcher.match.inflections import get_inflections, load_inflections
from watcher.match.proximity import Occurrence
from watcher.match.syntax import (
    WORD_FIELDS,
    And,
    AtLeast,
    FieldScope,
    First,
    Inflections,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
)
from watcher.topics.named_query import NamedQuery
from watcher.topics.rewrite import iter_positive_nodes, replace_nodes

MAX_TOTAL_NODES, MIN_RELAXATIONS = 100_000, 20
"""A long query is loosened in fewer places: each way is a query of its own, almost as long."""
MAX_RELAXED_GAP = 1000
"""NEAR allows no more words between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A query with one thing loosened: `kind` in a word, `said` for a person. `query` finds what the looser query finds
    beyond the query itself: of an OR that is all there is, only the options that changed.

    Where the loosening is about how words are written it stands for many small ones: `leaves` then tells for each
    looser word which one it stands for, so that those that mattered can be named.
    """

    kind: str
    said: str
    query: Query
    leaves: Mapping[Phrase, Phrase] = field(default_factory=dict)

    def name(self, places: Sequence[Occurrence], reading: EntryText) -> str:
        """Say the loosening with the words of this entry that needed it, where it is about words."""
        if not self.leaves:
            return self.said
        used = sorted(
            {leaf for place in places for leaf in place[3] if leaf[3] in self.leaves}, key=lambda leaf: leaf[:3]
        )
        finder = LinearFinder(reading)
        words: dict[str, None] = {}
        for number, first, last, leaf in used:
            name, asked = WORD_FIELDS[number], self.leaves[leaf]
            if (first, last) in finder.find(asked, name) or (self.kind == "phrase" and finder.find(asked, name)):
                continue
            start, end = reading.span(name, first, last)
            words[format_clause(asked) if self.kind == "phrase" else f"“{reading.text(name)[start:end]}”"] = None
        return f"{', '.join([*words][:5])} {self.said}".strip()


def list_relaxations(named: NamedQuery) -> tuple[Relaxation, ...]:
    """List the ways to loosen a query in one place, those that change its shape first."""
    nodes = list(iter_positive_nodes(named.query.root))
    most = max(MIN_RELAXATIONS, MAX_TOTAL_NODES // max(1, len(nodes)))
    found = list(islice((each for node in nodes for each in _of_shape(named, node)), most))
    found += _of_words(named.query, nodes)
    return tuple(found)


def _of_shape(named: NamedQuery, node: Node) -> Iterator[Relaxation]:
    match node:
        case And(parts=parts, without=without):
            for index, part in enumerate(parts):
                rest = (*parts[:index], *parts[index + 1 :])
                if rest:
                    lone = len(rest) == 1 and not without
                    yield _made(
                        named, node, rest[0] if lone else And(rest, without), "part", f"without {named.say(part)}"
                    )
            for index, part in enumerate(without):
                rest = (*without[:index], *without[index + 1 :])
                lone = len(parts) == 1 and not rest
                yield _made(
                    named,
                    node,
                    parts[0] if lone else And(parts, rest),
                    "exclusion",
                    f"without NOT {named.operand(part)}",
                )
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            wider = min(MAX_RELAXED_GAP, max(2 * gap, gap + 2))
            name = "ONEAR" if ordered else "NEAR"
            said = f"{named.operand(left, 40)} {name}/{wider} {named.operand(right, 40)} instead of {name}/{gap}"
            yield _made(named, node, Near(left, right, wider, ordered), "distance", said)
            if ordered:
                said = f"{named.operand(left, 40)} NEAR/{gap} {named.operand(right, 40)}, in either order"
                yield _made(named, node, Near(left, right, gap), "order", said)
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            said = f"{named.operand(left, 40)} even {'before' if ordered else 'beside'} {named.operand(right, 40)}"
            yield _made(named, node, left, "exclusion", said)
        case AtLeast(count=count, part=part) if count > 1:
            yield _made(
                named, node, AtLeast(count // 2, part), "count", f"{count // 2} of {named.operand(part)}, not {count}"
            )
        case First(count=count, part=part):
            said = f"{named.say(part)} within the first {2 * count} words, not {count}"
            yield _made(named, node, First(2 * count, part), "count", said)
        case FieldScope(field=field, part=part) if field in {"title", "summary", "content"}:
            yield _made(named, node, part, "field", f"{named.say(part)} anywhere, not in the {field} alone")
        case _:
            return


def _of_words(query: Query, nodes: list[Node]) -> Iterator[Relaxation]:
    """Loosen every word in one way at once; which of them mattered is told by the words that are found."""
    leaves = [node for node in nodes if isinstance(node, Phrase)]
    yield from _all(query, leaves, "case", "in another case or with other accents", _any_case)
    load_inflections((word, "en") for leaf in leaves if (word := _bendable(leaf)) is not None)
    yield from _all(query, leaves, "form", "as another inflection", _inflected)
    phrases = [leaf for leaf in leaves if len(leaf.parts) > 1 and not leaf.exact]
    yield from _all(query, phrases, "phrase", "with other words between", _apart)


def _all(
    query: Query, leaves: list[Phrase], kind: str, said: str, change: Callable[[Phrase], Node | None]
) -> Iterator[Relaxation]:
    changed: dict[int, Node] = {}
    fresh: dict[Phrase, Phrase] = {}
    for leaf in leaves:
        other = change(leaf)
        if other is not None and other != leaf:
            changed[id(leaf)] = other
            fresh |= {part: leaf for part in iter_positive_nodes(other) if isinstance(part, Phrase)}
    if changed:
        yield Relaxation(kind=kind, said=said, query=_beyond(query.root, changed), leaves=fresh)


def _any_case(leaf: Phrase) -> Node | None:
    return Phrase(leaf.parts) if leaf.exact else None


def _inflected(leaf: Phrase) -> Node | None:
    """Let single plain words of some length stand in any of their English inflections."""
    if (word := _bendable(leaf)) is None:
        return None
    forms = get_inflections(word) | {word}
    return Phrase((Inflections(word, "en", forms),)) if len(forms) > 1 else None


def _bendable(leaf: Phrase) -> str | None:
    if leaf.exact or len(leaf.parts) != 1 or not isinstance(part := leaf.parts[0], Literal):
        return None
    return part.word if len(part.word) >= 4 and part.word.isascii() and part.word.isalpha() else None


def _apart(leaf: Phrase) -> Node | None:
    """Let up to two words stand between those of a phrase; a script without spaces has its characters side by side."""
    if any(isinstance(part, Literal) and len(part.word) == 1 and not part.word.isascii() for part in leaf.parts):
        return None
    node: Node = Phrase(leaf.parts[:1])
    for part in leaf.parts[1:]:
        node = Near(node, Phrase((part,)), 2)
    return node


def _made(named: NamedQuery, node: Node, other: Node, kind: str, said: str) -> Relaxation:
    return Relaxation(kind=kind, said=said, query=_beyond(named.query.root, {id(node): other}))


def _beyond(root: Node, changed: Mapping[int, Node]) -> Query:
    """Change some nodes and leave out the options that stay as they are."""
    looser = replace_nodes(root, changed)
    if not (isinstance(root, Or) and isinstance(looser, Or)):
        return Query(looser)
    as_before = {id(part) for part in root.parts}
    parts = tuple(part for part in looser.parts if id(part) not in as_before)
    return Query(parts[0] if len(parts) == 1 else Or(parts))

"""Why a query matches an entry or does not: its clause tree, the words found, and the nearest thing to a match."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.match.entry_text import EntryText
from watcher.match.evaluate import (
    LeafFinder,
    LinearFinder,
    discard_cached,
    find_cached_occurrences,
    find_occurrences,
    narrow_fields,
)
from watcher.match.evidence import extract_evidence
from watcher.match.format import format_clause
from watcher.match.proximity import Occurrence, closest_gap
from watcher.match.syntax import (
    TEXT_FIELDS,
    And,
    AtLeast,
    FieldEquals,
    FieldScope,
    First,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
    Query,
    parts_of,
)
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a query and what became of it; `note` says what came nearest where it did not hold."""

    text: str
    operator: str
    matched: bool
    evidence: tuple[Evidence, ...] = ()
    children: tuple[Clause, ...] = ()
    note: str = ""


def match_entry(query: Query, stored: StoredEntry) -> tuple[Evidence, ...] | None:
    """Match one query against one entry: the evidence, or None where it does not match."""
    reading = EntryText(stored)
    found = find_occurrences(query.root, reading, LinearFinder(reading))
    return None if found is None else extract_evidence(found, reading)


def explain_match(query: Query, stored: StoredEntry) -> Clause:
    """Tell, clause by clause, why a query matches an entry or does not."""
    reading = EntryText(stored)
    return _explain(query.root, reading, LinearFinder(reading), TEXT_FIELDS, wanted=True)


def _explain(node: Node, reading: EntryText, finder: LeafFinder, fields: tuple[str, ...], *, wanted: bool) -> Clause:
    inner = narrow_fields(node.field, fields) if isinstance(node, FieldScope) else fields
    children = tuple(_explain(part, reading, finder, inner, wanted=wanted) for part in _parts(node))
    if isinstance(node, And):
        children += tuple(_explain(part, reading, finder, fields, wanted=False) for part in node.without)
    found = find_cached_occurrences(node, reading, finder, fields)
    note = _note(node, found, reading, finder, fields, wanted=wanted)
    # What its parts came to is asked for no more, and would add up.
    discard_cached(parts_of(node), finder, inner)
    return Clause(
        text=format_clause(node),
        operator=_operator(node),
        matched=found is not None,
        evidence=extract_evidence(found, reading) if found else (),
        children=children,
        note=note,
    )


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case And(parts=parts) | Or(parts=parts):
            return parts
        case Near(left=left, right=right) | NotNear(left=left, right=right):
            return (left, right)
        case AtLeast(part=part) | First(part=part) | FieldScope(part=part):
            return (part,)
        case _:
            return ()


def _operator(node: Node) -> str:
    match node:
        case And():
            return "AND"
        case Or():
            return "OR"
        case Near(gap=gap, ordered=ordered):
            return f"{'ONEAR' if ordered else 'NEAR'}/{gap}"
        case NotNear(gap=gap, ordered=ordered):
            return f"NOT {'ONEAR' if ordered else 'NEAR'}/{gap}"
        case AtLeast(count=count):
            return f"ATLEAST/{count}"
        case First(count=count):
            return f"FIRST/{count}"
        case FieldScope(field=field) | FieldEquals(field=field):
            return f"{field}:"
        case Phrase():
            return "words"


def _note(
    node: Node,
    found: list[Occurrence] | None,
    reading: EntryText,
    finder: LeafFinder,
    fields: tuple[str, ...],
    *,
    wanted: bool,
) -> str:
    if found is not None:
        return "" if wanted else "present, and the query excludes it"
    match node:
        case Phrase():
            return _note_words(node, reading, finder, fields)
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            lefts, rights = (find_occurrences(part, reading, finder, fields) or [] for part in (left, right))
            if not (lefts and rights):
                return ""
            apart = _distance(lefts, rights, ordered)
            if apart is None:
                return (
                    "both are there, but in different fields" if not ordered else "both are there, in the other order"
                )
            return f"both are there, {apart} words apart instead of at most {gap}"
        case NotNear(left=left, gap=gap):
            count = len(find_occurrences(left, reading, finder, fields) or [])
            return f"each of {count} occurrences has one of the others within {gap} words" if count else ""
        case AtLeast(count=count, part=part):
            places = find_occurrences(part, reading, finder, fields) or []
            return f"{len({place[:2] for place in places})} of {count}" if places else ""
        case First(count=count, part=part):
            places = find_occurrences(part, reading, finder, fields) or []
            return f"first at word {min(place[2] for place in places) + 1}, not within {count}" if places else ""
        case FieldEquals(field=field):
            value = reading.stored.entry.item.language if field == "lang" else reading.host
            return f"it is {value or 'unknown'}"
        case FieldScope(part=part):
            return "it is there, but in another field" if find_occurrences(part, reading, finder) is not None else ""
        case _:
            return ""


def _note_words(node: Phrase, reading: EntryText, finder: LeafFinder, fields: tuple[str, ...]) -> str:
    if node.exact:
        loose = [(field, place) for field in fields for place in finder.find(Phrase(node.parts), field)]
        if loose:
            field, (first, last) = loose[0]
            written = " ".join(reading.surface(field, index) for index in range(first, last + 1))
            return f"written as {written!r}"
    if len(node.parts) > 1:
        held = [part for part in node.parts if any(finder.find(Phrase((part,)), field) for field in fields)]
        if len(held) == len(node.parts):
            return "all its words are there, but not side by side"
        if held:
            return f"{len(held)} of {len(node.parts)} words are there"
    return ""


def _distance(lefts: list[Occurrence], rights: list[Occurrence], ordered: bool) -> int | None:
    gaps = [closest_gap(lefts, rights), *([] if ordered else [closest_gap(rights, lefts)])]
    return min((gap for gap in gaps if gap is not None), default=None)

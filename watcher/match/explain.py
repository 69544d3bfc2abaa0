"""Why a query matches an entry or does not: its clause tree, the words found, and how near the rest comes."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.match.entry_text import EntryText
from watcher.match.evaluate import Evaluator, LinearEvaluator
from watcher.match.evidence import extract_evidence
from watcher.match.fields import TEXT_FIELDS
from watcher.match.format import format_clause
from watcher.match.node import Fields, Node
from watcher.match.phrase import Phrase
from watcher.match.syntax import Query
from watcher.model.entry import StoredEntry
from watcher.model.topic import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a query and what became of it; `note` says how near it came where it did not match."""

    text: str
    operator: str
    matched: bool
    evidence: tuple[Evidence, ...] = ()
    children: tuple[Clause, ...] = ()
    note: str = ""


def match_entry(query: Query, stored: StoredEntry) -> tuple[Evidence, ...] | None:
    """Match one query against one entry: the evidence, or None where it does not match."""
    entry = EntryText(stored)
    occurrences = LinearEvaluator(entry).find_occurrences(query.root)
    return None if occurrences is None else extract_evidence(occurrences, entry)


def explain_match(query: Query, stored: StoredEntry) -> Clause:
    """Return, clause by clause, why a query matches an entry or does not."""
    return _explain(query.root, LinearEvaluator(EntryText(stored)), TEXT_FIELDS, wanted=True)


def _explain(node: Node, evaluator: Evaluator, fields: Fields, *, wanted: bool) -> Clause:
    """Explain a node below which nothing is `wanted` to match where it is excluded."""
    inner, children = node.child_fields(fields), node.children()
    plain = len(children) - len(node.excluded_children())
    clauses = tuple(
        _explain(child, evaluator, inner, wanted=wanted and number < plain) for number, child in enumerate(children)
    )
    occurrences = evaluator.find_cached_occurrences(node, fields)
    if occurrences is not None:
        note = "" if wanted else "present, and the query excludes it"
    elif isinstance(node, Phrase):
        note = _explain_phrase(node, evaluator, fields)
    else:
        note = node.explain_mismatch(evaluator, fields)
    # The children's occurrences are needed no more, and would add up.
    evaluator.discard_cached(children, inner)
    return Clause(
        text=format_clause(node),
        operator=node.label(),
        matched=occurrences is not None,
        evidence=extract_evidence(occurrences, evaluator.entry) if occurrences else (),
        children=clauses,
        note=note,
    )


def _explain_phrase(phrase: Phrase, evaluator: Evaluator, fields: Fields) -> str:
    """Return what there is of a phrase that does not occur: its words written otherwise, or apart, or some of them."""
    # Nearest first: the same words in another case, all words apart, some of the words.
    if phrase.exact:
        places = [(field, place) for field in fields for place in evaluator.find_phrase(Phrase(phrase.parts), field)]
        if places:
            field, (first, last) = places[0]
            written = " ".join(evaluator.entry.written_word(field, position) for position in range(first, last + 1))
            return f"written as {written!r}"
    if len(phrase.parts) > 1:
        words = [Phrase((part,)) for part in phrase.parts]
        present = [word for word in words if any(evaluator.find_phrase(word, field) for field in fields)]
        if len(present) == len(words):
            return "all its words are there, but not side by side"
        if present:
            return f"{len(present)} of {len(words)} words are there"
    return ""

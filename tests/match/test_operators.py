"""An operator is one class: every pass works on a new one, and few files name those that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import watcher
from tests.match.entries import entry
from watcher.match import EntryText, Query, QueryIndex, explain_match, format_query, match_entry, required_terms
from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed
from watcher.match.syntax import And, Literal, Phrase
from watcher.topics.cost import CostTally
from watcher.topics.named_query import NamedQuery
from watcher.topics.query_test import explain_entry
from watcher.topics.relaxation import list_relaxations
from watcher.topics.rewrite import remove_nodes, replace_nodes

MAX_FILES = 6


@dataclass(frozen=True, slots=True)
class Last(Node):
    """A clause whose last occurrence is at the end of a field: no operator of the language."""

    part: Node

    def children(self) -> tuple[Node, ...]:
        return (self.part,)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return Last(children[0])

    def format(self, format_node: NodeFormatter) -> str:
        return f"LAST ({format_node(self.part, top=True)})"

    def label(self) -> str:
        return "LAST"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        occurrences = evaluation.find_occurrences(self.part, fields, limit) or []
        ends = {0: evaluation.entry.words("title"), 2: evaluation.entry.words("content")}
        return [
            occurrence for occurrence in occurrences if occurrence.last == len(ends.get(occurrence.field, ())) - 1
        ] or None

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        return "it is there, but not at the end" if evaluation.find_occurrences(self.part, fields) else ""

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        yield Relaxed("part", f"{text.format_operand(self.part)} anywhere", self.part)


SPY, EYES = Phrase((Literal("spy"),)), Phrase((Literal("eyes"),))
QUERY = Query(And((Last(SPY), EYES)))
AT_THE_END, BEFORE = entry("Five eyes and a spy"), entry("A spy with five eyes")


def test_a_new_operator_matches_alone_and_among_others() -> None:
    index = QueryIndex([Query(EYES), QUERY])

    assert [piece.text for piece in match_entry(QUERY, AT_THE_END) or ()] == ["eyes", "spy"]
    assert match_entry(QUERY, BEFORE) is None
    assert sorted(index.list_matching(EntryText(AT_THE_END))) == [0, 1]
    assert index.list_matching(EntryText(BEFORE)) == [0]
    assert required_terms(QUERY) == required_terms(Query(And((SPY, EYES))))


def test_a_new_operator_is_formatted_explained_and_relaxed() -> None:
    named = NamedQuery(query=QUERY)

    clause = explain_match(QUERY, BEFORE).children[0]

    assert format_query(QUERY) == "LAST (spy) AND eyes"
    assert (clause.operator, clause.matched, clause.note) == ("LAST", False, "it is there, but not at the end")
    assert explain_entry(named, BEFORE).nearest == ("without LAST (spy)", "spy anywhere")
    assert {way.description: format_query(way.query) for way in list_relaxations(named)}[
        "spy anywhere"
    ] == "eyes AND spy"


def test_a_new_operator_is_rewritten_and_weighed() -> None:
    tally = CostTally(NamedQuery(query=QUERY))

    assert tally.add_entry(AT_THE_END, None)
    assert not tally.add_entry(BEFORE, None)
    assert {cost.clause: cost.alone for cost in tally.terms.values()} == {"spy": 1, "eyes": 1}
    assert remove_nodes(QUERY.root, lambda node: node is SPY) is None
    assert replace_nodes(QUERY.root, {id(SPY): EYES}) == And((Last(EYES), EYES))


@pytest.mark.parametrize("name", ["Near", "NotNear", "AtLeast", "First", "FieldEquals"])
def test_an_operator_is_named_in_few_files(name: str) -> None:
    root = Path(watcher.__file__).parent
    files = [path for path in root.rglob("*.py") if re.search(rf"\b{name}\b(?!\w)", path.read_text())]
    of_match = [path for path in files if path.parts[len(root.parts)] in {"match", "topics"}]

    # Its keyword in the lexer is one file more.
    assert 1 <= len(of_match) <= MAX_FILES - 1, of_match

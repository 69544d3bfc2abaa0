"""FIRST: a clause within the first words of a field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed


@dataclass(frozen=True, slots=True)
class First(Node):
    """A clause evaluated in the first `count` words of each field alone."""

    count: int
    part: Node

    def children(self) -> tuple[Node, ...]:
        """Return the clause."""
        return (self.part,)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return First(self.count, children[0])

    def format(self, format_node: NodeFormatter) -> str:
        """Return `FIRST/50 (a)`."""
        return f"{self.label()} ({format_node(self.part, top=True)})"

    def label(self) -> str:
        """Return the operator's name with its number."""
        return f"FIRST/{self.count}"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the clause's occurrences in the first words; the innermost limit is the smallest."""
        return evaluation.find_occurrences(self.part, fields, self.count if limit is None else min(self.count, limit))

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return at which word the clause occurs first."""
        occurrences = evaluation.find_occurrences(self.part, fields) or []
        if not occurrences:
            return ""
        return f"first at word {min(occurrence.last for occurrence in occurrences) + 1}, not within {self.count}"

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the operator over twice the words."""
        description = f"{text.format_node(self.part)} within the first {2 * self.count} words, not {self.count}"
        yield Relaxed("count", description, First(2 * self.count, self.part))

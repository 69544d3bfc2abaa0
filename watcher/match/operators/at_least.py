"""ATLEAST: a clause that occurs several times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed


@dataclass(frozen=True, slots=True)
class AtLeast(Node):
    """A clause that begins at `count` different words or more."""

    count: int
    part: Node

    def children(self) -> tuple[Node, ...]:
        """Return the clause that is counted."""
        return (self.part,)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return AtLeast(self.count, children[0])

    def format(self, format_node: NodeFormatter) -> str:
        """Return `ATLEAST/3 (a)`."""
        return f"{self.label()} ({format_node(self.part, top=True)})"

    def label(self) -> str:
        """Return the operator's name with its number."""
        return f"ATLEAST/{self.count}"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the clause's occurrences where there are enough."""
        occurrences = evaluation.find_occurrences(self.part, fields, limit)
        enough = occurrences is not None and _count_starts(occurrences) >= self.count
        return occurrences if enough else None

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return how many there are."""
        occurrences = evaluation.find_occurrences(self.part, fields) or []
        return f"{_count_starts(occurrences)} of {self.count}" if occurrences else ""

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the operator with half the number."""
        if self.count > 1:
            fewer = self.count // 2
            description = f"{fewer} of {text.format_operand(self.part)}, not {self.count}"
            yield Relaxed("count", description, AtLeast(fewer, self.part))


def _count_starts(occurrences: list[Occurrence]) -> int:
    return len({occurrence[:2] for occurrence in occurrences})

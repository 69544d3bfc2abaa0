"""Scopes such as title: and author:, which say where a clause is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.match.fields import TEXT_FIELDS, narrow_fields
from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed


@dataclass(frozen=True, slots=True)
class FieldScope(Node):
    """A clause in the fields of a scope; inside another scope, in those of both."""

    field: str
    part: Node

    def children(self) -> tuple[Node, ...]:
        """Return the clause."""
        return (self.part,)

    def child_fields(self, fields: Fields) -> Fields:
        """Return the fields of the scope."""
        return narrow_fields(self.field, fields)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return FieldScope(self.field, children[0])

    def format(self, format_node: NodeFormatter) -> str:
        """Return `title:a`."""
        return f"{self.field}:{format_node(self.part)}"

    def label(self) -> str:
        """Return the scope's name."""
        return f"{self.field}:"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the clause's occurrences in the scope's fields."""
        return evaluation.find_occurrences(self.part, narrow_fields(self.field, fields), limit)

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return whether the clause occurs elsewhere in the text."""
        return "it is there, but in another field" if evaluation.find_occurrences(self.part) is not None else ""

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the clause anywhere in the text."""
        if self.field in TEXT_FIELDS:
            description = f"{text.format_node(self.part)} anywhere, not in the {self.field} alone"
            yield Relaxed("field", description, self.part)

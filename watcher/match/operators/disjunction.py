"""OR: any of some clauses."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, Occurrence, is_same, sort_by_text
from watcher.match.proximity import sort_unique


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Any of these."""

    is_infix = True
    is_shared = True

    parts: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """Return the options."""
        return self.parts

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return Or(children)

    def without_missing(self, children: tuple[Node | None, ...]) -> Node | None:
        """Return what is left: an OR can do without all of its options but one."""
        options = tuple(option for option in children if option is not None)
        if is_same(options, self.parts):
            return self
        return None if not options else options[0] if len(options) == 1 else Or(options)

    def normalize(self, format_node: NodeFormatter) -> Node:
        """Return one flat OR, its options sorted and each once."""
        options: list[Node] = []
        for part in self.parts:
            options += part.parts if isinstance(part, Or) else (part,)
        unique = sort_by_text(options, format_node)
        return unique[0] if len(unique) == 1 else Or(unique)

    def format(self, format_node: NodeFormatter) -> str:
        """Return `a OR b`."""
        return " OR ".join(map(format_node, self.parts))

    def label(self) -> str:
        """Return the operator's name."""
        return "OR"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the occurrences of all options."""
        options = [
            evaluation.find_occurrences(option, fields, limit) for option in evaluation.plausible_options(self, fields)
        ]
        matched = [occurrences for occurrences in options if occurrences is not None]
        if len(matched) == 1:
            return matched[0]
        return sort_unique(occurrence for occurrences in matched for occurrence in occurrences) if matched else None

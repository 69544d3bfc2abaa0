"""AND and NOT: all of some clauses and none of others, anywhere in the entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed, sort_by_text
from watcher.match.operators.disjunction import Or
from watcher.match.proximity import sort_unique


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of these, none of `without`, anywhere in the entry."""

    is_infix = True

    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()

    def children(self) -> tuple[Node, ...]:
        """Return the parts and then the exclusions."""
        return (*self.parts, *self.without)

    def positive_children(self) -> tuple[Node, ...]:
        """Return the parts."""
        return self.parts

    def excluded_children(self) -> tuple[Node, ...]:
        """Return the exclusions."""
        return self.without

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return And(children[: len(self.parts)], children[len(self.parts) :])

    def without_missing(self, children: tuple[Node | None, ...]) -> Node | None:
        """Return what is left: a missing part leaves nothing, a missing exclusion excludes nothing."""
        parts = tuple(part for part in children[: len(self.parts)] if part is not None)
        without = tuple(part for part in children[len(self.parts) :] if part is not None)
        if len(parts) < len(self.parts):
            return None
        if not without and len(parts) == 1:
            return parts[0]
        return self.with_children((*parts, *without)) if len(without) == len(self.without) else And(parts, without)

    def normalize(self, format_node: NodeFormatter) -> Node:
        """Return one flat AND, its parts sorted and each once; an excluded OR becomes several exclusions."""
        parts: list[Node] = []
        without: list[Node] = [*self.without]
        for part in self.parts:
            parts += part.parts if isinstance(part, And) else (part,)
            without += part.without if isinstance(part, And) else ()
        options = [option for part in without for option in (part.parts if isinstance(part, Or) else (part,))]
        unique = sort_by_text(parts, format_node)
        return unique[0] if len(unique) == 1 and not options else And(unique, sort_by_text(options, format_node))

    def format(self, format_node: NodeFormatter) -> str:
        """Return `a AND b AND NOT c`."""
        return " AND ".join([*map(format_node, self.parts), *(f"NOT {format_node(part)}" for part in self.without)])

    def label(self) -> str:
        """Return the operator's name."""
        return "AND"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the occurrences of all parts; None where one is missing or an exclusion matches."""
        occurrences: list[Occurrence] = []
        for part in self.parts:
            of_part = evaluation.find_occurrences(part, fields, limit)
            if of_part is None:
                return None
            occurrences += of_part
        for part in self.without:
            if evaluation.find_occurrences(part, fields, limit) is not None:
                return None
        return sort_unique(occurrences)

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the AND without each of its parts, and without each exclusion."""
        for index, part in enumerate(self.parts):
            parts = (*self.parts[:index], *self.parts[index + 1 :])
            if parts:
                yield Relaxed("part", f"without {text.format_node(part)}", _join(parts, self.without))
        for index, part in enumerate(self.without):
            without = (*self.without[:index], *self.without[index + 1 :])
            yield Relaxed("exclusion", f"without NOT {text.format_operand(part)}", _join(self.parts, without))

    def exclusions(self, text: NodeText) -> Iterator[tuple[str, Node]]:
        """Return each NOT, and the AND without it."""
        for index, part in enumerate(self.without):
            without = (*self.without[:index], *self.without[index + 1 :])
            yield f"NOT {text.format_operand(part, 200)}", _join(self.parts, without)


def _join(parts: tuple[Node, ...], without: tuple[Node, ...]) -> Node:
    return parts[0] if len(parts) == 1 and not without else And(parts, without)

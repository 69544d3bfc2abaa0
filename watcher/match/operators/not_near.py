"""NOT NEAR and NOT ONEAR: a clause without another one beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed
from watcher.match.proximity import exclude_near


@dataclass(frozen=True, slots=True)
class NotNear(Node):
    """Each occurrence of the left operand that has no right one within `gap` words (after it, if `ordered`)."""

    is_infix = True

    left: Node
    right: Node
    gap: int
    ordered: bool = False

    def children(self) -> tuple[Node, ...]:
        """Return the left and the right operand."""
        return (self.left, self.right)

    def positive_children(self) -> tuple[Node, ...]:
        """Return the left operand."""
        return (self.left,)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return NotNear(children[0], children[1], self.gap, self.ordered)

    def without_missing(self, children: tuple[Node | None, ...]) -> Node | None:
        """Return what is left: without the right operand it is the left one."""
        left, right = children
        return left if left is None or right is None else self.with_children((left, right))

    def format(self, format_node: NodeFormatter) -> str:
        """Return `a NOT NEAR/3 b`."""
        return f"{format_node(self.left)} {self.label()} {format_node(self.right)}"

    def label(self) -> str:
        """Return the operator's name with its distance."""
        return f"NOT {'ONEAR' if self.ordered else 'NEAR'}/{self.gap}"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the occurrences on the left that have none of the right beside them."""
        lefts = evaluation.find_occurrences(self.left, fields, limit)
        if not lefts:
            return None
        rights = evaluation.find_occurrences(self.right, fields, limit)
        if not rights:
            return lefts
        return exclude_near(lefts, rights, self.gap, evaluation.check, ordered=self.ordered) or None

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return how many occurrences the right operand excludes."""
        count = len(evaluation.find_occurrences(self.left, fields) or [])
        return f"each of {count} occurrences has one of the others within {self.gap} words" if count else ""

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the left operand alone."""
        left, right = text.format_operand(self.left, 40), text.format_operand(self.right, 40)
        yield Relaxed("exclusion", f"{left} even {'before' if self.ordered else 'beside'} {right}", self.left)

    def exclusions(self, text: NodeText) -> Iterator[tuple[str, Node]]:
        """Return the operator as a whole, and the left operand alone."""
        yield f"{text.format_operand(self.left)} {self.label()} {text.format_operand(self.right)}", self.left

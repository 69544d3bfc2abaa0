"""NEAR and ONEAR: two clauses with few words between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, NodeText, Occurrence, Relaxed
from watcher.match.proximity import closest_gap, join_near

MAX_RELAXED_GAP = 1000
"""The language allows no more words between."""


@dataclass(frozen=True, slots=True)
class Near(Node):
    """Both within one field, at most `gap` other words between; `ordered` wants the left one first."""

    is_infix = True

    left: Node
    right: Node
    gap: int
    ordered: bool = False

    def children(self) -> tuple[Node, ...]:
        """Return the left and the right operand."""
        return (self.left, self.right)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        return Near(children[0], children[1], self.gap, self.ordered)

    def normalize(self, format_node: NodeFormatter) -> Node:
        """Return the operands in the order of their texts, where the order says nothing."""
        if not self.ordered and format_node(self.right) < format_node(self.left):
            return Near(self.right, self.left, self.gap, self.ordered)
        return self

    def format(self, format_node: NodeFormatter) -> str:
        """Return `a NEAR/3 b`."""
        return f"{format_node(self.left)} {self.label()} {format_node(self.right)}"

    def label(self) -> str:
        """Return the operator's name with its distance."""
        return f"{'ONEAR' if self.ordered else 'NEAR'}/{self.gap}"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return the pairs that are near enough."""
        lefts = evaluation.find_occurrences(self.left, fields, limit)
        rights = evaluation.find_occurrences(self.right, fields, limit) if lefts else None
        if not lefts or not rights:
            return None
        return join_near(lefts, rights, self.gap, evaluation.check, ordered=self.ordered) or None

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return how far apart the closest two are."""
        lefts = evaluation.find_occurrences(self.left, fields) or []
        rights = evaluation.find_occurrences(self.right, fields) or []
        if not (lefts and rights):
            return ""
        gaps = [closest_gap(lefts, rights), *([] if self.ordered else [closest_gap(rights, lefts)])]
        gap = min((gap for gap in gaps if gap is not None), default=None)
        if gap is not None:
            return f"both are there, {gap} words apart instead of at most {self.gap}"
        return "both are there, in the other order" if self.ordered else "both are there, but in different fields"

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the operator over twice the distance, and in either order."""
        left, right = text.format_operand(self.left, 40), text.format_operand(self.right, 40)
        wider = Near(self.left, self.right, min(MAX_RELAXED_GAP, max(2 * self.gap, self.gap + 2)), self.ordered)
        yield Relaxed("distance", f"{left} {wider.label()} {right} instead of {self.label()}", wider)
        if self.ordered:
            unordered = Near(self.left, self.right, self.gap)
            yield Relaxed("order", f"{left} {unordered.label()} {right}, in either order", unordered)

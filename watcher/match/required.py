"""What an entry must contain for a query to match: one pass over the query, in whatever terms a builder has for it.

The full-text index (`required_terms`) and the scan for many topics (`patterns`) each want words that every match has.
This pass may demand less than the query does, and never more: NOT, distances and counts are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from watcher.match.node import Node
from watcher.match.operators.disjunction import Or
from watcher.match.operators.field_scope import FieldScope
from watcher.match.phrase import Phrase
from watcher.match.visit import fold

R = TypeVar("R")


class RequirementBuilder(Protocol[R]):
    """Puts requirements together; `all_of` nothing is a requirement that every entry meets."""

    def phrase(self, phrase: Phrase) -> R:
        """Return what an entry must contain for a phrase to occur in it."""
        ...

    def all_of(self, parts: Sequence[R]) -> R:
        """Return the requirement that meets all parts."""
        ...

    def any_of(self, options: Sequence[R]) -> R:
        """Return the requirement that meets one option at least."""
        ...

    def covers(self, scope: str) -> bool:
        """Return whether the words of a scope's fields can be required."""
        ...


def build_requirement(root: Node, builder: RequirementBuilder[R]) -> R:
    """Return what an entry must contain for a query to match."""

    def combine(node: Node, children: tuple[R, ...]) -> R:
        """Return the requirement of a node, given those of its positive children."""
        if isinstance(node, Phrase):
            return builder.phrase(node)
        if isinstance(node, Or):
            return builder.any_of(children)
        if isinstance(node, FieldScope) and not builder.covers(node.field):
            return builder.all_of(())
        return builder.all_of(children)

    return fold(root, combine, lambda node: node.positive_children())

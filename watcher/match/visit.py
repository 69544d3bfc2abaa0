"""Visits the nodes of a query: `walk` from the root down, `fold` and `transform` from the leaves up.

Nodes are distinguished by identity, and each is visited once however often it occurs: sets that name sets twice would
double the work at each level otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from watcher.match.node import Node

R = TypeVar("R")
Children = Callable[[Node], tuple[Node, ...]]


def walk(root: Node, children: Children = lambda node: node.children()) -> Iterator[Node]:
    """Yield every node once, breadth first."""
    seen: set[int] = set()
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(children(node))


def fold(
    root: Node,
    combine: Callable[[Node, tuple[R, ...]], R],
    children: Children = lambda node: node.children(),
    known: dict[int, R] | None = None,
) -> R:
    """Return what `combine` makes of a node and the results of its children; `known` holds results by node id."""
    results: dict[int, R] = {} if known is None else known

    def visit(node: Node) -> R:
        """Return the result of a node, computed once."""
        key = id(node)
        if key not in results:
            results[key] = combine(node, tuple(map(visit, children(node))))
        return results[key]

    return visit(root)


def transform(root: Node, change: Callable[[Node], Node]) -> Node:
    """Return a query with every node replaced by what `change` makes of it, once its children are replaced."""
    return fold(root, lambda node, children: change(node.with_children(children)))

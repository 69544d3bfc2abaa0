"""Changes one thing in a query and shares the rest: replaces nodes, or removes them with what needs them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping

from watcher.match.fields import TEXT_FIELDS
from watcher.match.node import Fields
from watcher.match.syntax import Node
from watcher.match.visit import fold, walk


def replace_nodes(root: Node, by_id: Mapping[int, Node]) -> Node:
    """Return the query with other nodes in the places of some, wherever they occur.

    Nodes are distinguished by identity, since sets share theirs. What does not change stays the same object.
    """
    return fold(root, lambda node, children: node.with_children(children), known=dict(by_id))


def remove_nodes(root: Node, is_removed: Callable[[Node], bool]) -> Node | None:
    """Return the query without some nodes, and without whatever cannot match without them; None if nothing is left.

    An OR goes when all its options go; an exclusion that goes excludes nothing any more.
    """

    def remove(node: Node, children: tuple[Node | None, ...]) -> Node | None:
        """Return what is left of a node, given what is left of its children."""
        return None if is_removed(node) else node.without_missing(children)

    return fold(root, remove)


def iter_positive_nodes(root: Node) -> Iterator[Node]:
    """Yield every node that a match may rest on, each once, from the root down: not what is excluded."""
    return walk(root, lambda node: node.positive_children())


def iter_scoped_nodes(root: Node) -> Iterator[tuple[Node, Fields]]:
    """Yield the positive nodes, each with the fields in which it is looked for where it first occurs."""
    seen: set[int] = set()
    waiting: deque[tuple[Node, Fields]] = deque([(root, TEXT_FIELDS)])
    while waiting:
        node, fields = waiting.popleft()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node, fields
        inner = node.child_fields(fields)
        waiting.extend((child, inner) for child in node.positive_children())

"""Changes one thing in a query and shares the rest: replaces a node, or takes it out with what needs it. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from watcher.match.syntax import (
    SCOPES,
    TEXT_FIELDS,
    And,
    AtLeast,
    FieldEquals,
    FieldScope,
    First,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
    parts_of,
)


def replace_nodes(root: Node, by_id: Mapping[int, Node]) -> Node:
    """Put other nodes in the places of some, wherever these stand: nodes are told apart by identity, for sets share
    theirs. What does not change stays the same object."""
    return _replaced(root, by_id, {})


def _replaced(node: Node, by_id: Mapping[int, Node], done: dict[int, Node]) -> Node:
    if id(node) in by_id:
        return by_id[id(node)]
    if id(node) not in done:
        done[id(node)] = _with_parts(node, lambda part: _replaced(part, by_id, done))
    return done[id(node)]


def remove_nodes(root: Node, gone: Callable[[Node], bool]) -> Node | None:
    """Take out the nodes that are to go, and whatever cannot hold without them; None where nothing is left.

    An OR goes when all its options go; an exclusion that goes excludes nothing any more.
    """
    return _removed(root, gone, {})


def _removed(node: Node, gone: Callable[[Node], bool], done: dict[int, Node | None]) -> Node | None:
    if id(node) not in done:
        done[id(node)] = None if gone(node) else _kept(node, lambda part: _removed(part, gone, done))
    return done[id(node)]


def _kept(node: Node, keep: Callable[[Node], Node | None]) -> Node | None:
    match node:
        case Or(parts=parts):
            some = tuple(kept for part in parts if (kept := keep(part)) is not None)
            if _same(some, parts):
                return node
            return None if not some else some[0] if len(some) == 1 else Or(some)
        case And(parts=parts, without=without):
            wanted = [keep(part) for part in parts]
            unwanted = tuple(kept for part in without if (kept := keep(part)) is not None)
            if None in wanted:
                return None
            whole = tuple(part for part in wanted if part is not None)
            if _same(whole, parts) and _same(unwanted, without):
                return node
            return whole[0] if len(whole) == 1 and not unwanted else And(whole, unwanted)
        case NotNear(left=left, right=right):
            first, second = keep(left), keep(right)
            if first is None or second is None:
                return first
            return node if first is left and second is right else replace(node, left=first, right=second)
        case Phrase() | FieldEquals():
            return node
        case _:
            lost = False

            def or_lost(part: Node) -> Node:
                nonlocal lost
                kept = keep(part)
                lost = lost or kept is None
                return part if kept is None else kept

            made = _with_parts(node, or_lost)
            return None if lost else made


def _with_parts(node: Node, change: Callable[[Node], Node]) -> Node:
    match node:
        case And(parts=parts, without=without):
            wanted, unwanted = tuple(map(change, parts)), tuple(map(change, without))
            return node if _same(wanted, parts) and _same(unwanted, without) else And(wanted, unwanted)
        case Or(parts=parts):
            options = tuple(map(change, parts))
            return node if _same(options, parts) else Or(options)
        case Near(left=left, right=right) | NotNear(left=left, right=right):
            first, second = change(left), change(right)
            return node if first is left and second is right else replace(node, left=first, right=second)
        case AtLeast(part=part) | First(part=part) | FieldScope(part=part):
            inner = change(part)
            return node if inner is part else replace(node, part=inner)
        case Phrase() | FieldEquals():
            return node


def iter_positive_nodes(root: Node) -> Iterator[Node]:
    """Give every node that a match may rest on, each once, from the root down: not what stands behind a NOT."""
    return (node for node, _fields in iter_scoped_nodes(root))


def iter_scoped_nodes(root: Node) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Give the wanted nodes, and in which fields each is looked for where it first stands."""
    seen: set[int] = set()
    waiting: deque[tuple[Node, tuple[str, ...]]] = deque([(root, TEXT_FIELDS)])
    while waiting:
        node, fields = waiting.popleft()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node, fields
        match node:
            case And(parts=parts):
                waiting.extend((part, fields) for part in parts)
            case NotNear(left=left):
                waiting.append((left, fields))
            case FieldScope(field=field, part=part):
                inside = SCOPES[field]
                narrowed = tuple(name for name in inside if name in fields) if field in TEXT_FIELDS else inside
                waiting.append((part, narrowed or inside))
            case _:
                waiting.extend((part, fields) for part in parts_of(node))


def _same(some: tuple[Node, ...], others: tuple[Node, ...]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))

"""Formats queries: in one spelling for one meaning, with operands sorted, words folded and sets written out."""

from __future__ import annotations

from watcher.match.node import Node
from watcher.match.operators.field_scope import FieldScope
from watcher.match.syntax import Query
from watcher.match.visit import transform


def format_query(query: Query) -> str:
    """Return the canonical text: the same for two spellings of one meaning, and it parses to that meaning."""
    root = normalize_node(query.root)
    if isinstance(root, FieldScope) and root.field == "text":
        root = root.part  # where a query looks anyway
    return format_clause(root)


def normalize_node(node: Node) -> Node:
    """Return a node's normal form: nested ANDs and ORs flat, operands once each and sorted."""
    return transform(node, lambda changed: changed.normalize(_format))


def format_clause(node: Node) -> str:
    """Return a node's text for people: the clause that words are evidence for."""
    return _format(node, top=True)


def _format(node: Node, *, top: bool = False) -> str:
    text = node.format(_format)
    return f"({text})" if node.is_infix and not top else text

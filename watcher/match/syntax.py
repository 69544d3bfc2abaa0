"""The topic language as frozen nodes, its sets expanded and its words folded."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.match.fields import SCOPES, TEXT_FIELDS, WORD_FIELDS
from watcher.match.node import Node
from watcher.match.operators.at_least import AtLeast
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.operators.field_equals import FieldEquals
from watcher.match.operators.field_scope import FieldScope
from watcher.match.operators.first import First
from watcher.match.operators.near import Near
from watcher.match.operators.not_near import NotNear
from watcher.match.phrase import Inflections, Literal, Phrase, Prefix, Wildcard, WordPattern

__all__ = [
    "SCOPES",
    "TEXT_FIELDS",
    "WORD_FIELDS",
    "And",
    "AtLeast",
    "FieldEquals",
    "FieldScope",
    "First",
    "Inflections",
    "Literal",
    "Near",
    "Node",
    "NotNear",
    "Or",
    "Phrase",
    "Prefix",
    "Query",
    "Wildcard",
    "WordPattern",
]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was parsed; equal queries mean the same."""

    root: Node

"""Queries that remember which of their parts are sets, so that they can be shown as a person wrote them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.match import Query, TopicMatcher, parse_query
from watcher.match.format import format_clause
from watcher.match.parser import SetCache
from watcher.match.syntax import Literal, Node, Or, Phrase
from watcher.topics.rewrite import replace_nodes

MAX_CLAUSE_CHARACTERS = 90
MAX_NAMED_OPTIONS = 12
"""An OR of more options is described by its first few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuery:
    """A query and the nodes in it that @sets stand for, by identity."""

    query: Query
    sets: Mapping[int, str] = field(default_factory=dict)

    def format_node(self, node: Node, limit: int = MAX_CLAUSE_CHARACTERS) -> str:
        """Return a clause in at most `limit` characters: sets by their names, a long OR by its first options."""
        names: dict[int, Node] = {id_: Phrase((Literal(f"@{name}"),)) for id_, name in self.sets.items()}
        text = _format_shortened(replace_nodes(node, names))
        return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

    def format_operand(self, node: Node, limit: int = MAX_CLAUSE_CHARACTERS) -> str:
        """Return a clause as it is written beside an operator: in parentheses where it has operators of its own."""
        text = self.format_node(node, limit)
        return f"({text})" if node.is_infix and id(node) not in self.sets else text


def parse_named_query(text: str, sets: Mapping[str, str] | None = None) -> NamedQuery:
    """Parse a query and keep the names of its sets; raises QueryError."""
    cache: SetCache = {}
    query = parse_query(text, sets, cache)
    return NamedQuery(query=query, sets={id(parsed.node): name for name, parsed in cache.items()})


def get_named_query(matcher: TopicMatcher, topic_id: str) -> NamedQuery:
    """Return a topic's query as it was compiled, without parsing it again; raises KeyError."""
    return NamedQuery(query=matcher.query(topic_id), sets={id(node): name for name, node in matcher.sets.items()})


def _format_shortened(node: Node) -> str:
    if isinstance(node, Or) and len(node.parts) > MAX_NAMED_OPTIONS:
        head = ", ".join(format_clause(part) for part in node.parts[:3])
        return f"any of {len(node.parts)} ({head}, ...)"
    return format_clause(node)

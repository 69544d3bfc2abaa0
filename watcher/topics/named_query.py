"""Queries that remember which of their parts are sets, so that they can be shown as a person wrote them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.match import Query, TopicMatcher, parse_query
from watcher.match.format import format_clause
from watcher.match.parser import SetCache
from watcher.match.syntax import AtLeast, FieldEquals, FieldScope, First, Literal, Node, Or, Phrase
from watcher.topics.rewrite import replace_nodes

MAX_CLAUSE_CHARACTERS = 90
MAX_NAMED_OPTIONS = 12
"""An OR of more options is named by its first few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuery:
    """A query and the nodes in it that @sets stand for, by identity."""

    query: Query
    sets: Mapping[int, str] = field(default_factory=dict)

    def say(self, node: Node, most: int = MAX_CLAUSE_CHARACTERS) -> str:
        """Write a clause so that it can be recognised: sets by their names, a long OR by its first options."""
        marks: dict[int, Node] = {id_: Phrase((Literal(f"@{name}"),)) for id_, name in self.sets.items()}
        written = _written(replace_nodes(node, marks))
        return written if len(written) <= most else written[: most - 1].rstrip() + "…"

    def operand(self, node: Node, most: int = MAX_CLAUSE_CHARACTERS) -> str:
        """Write a clause as it stands beside an operator: in parentheses where it has operators of its own."""
        said = self.say(node, most)
        bare = id(node) in self.sets or isinstance(node, Phrase | FieldEquals | AtLeast | First | FieldScope)
        return said if bare else f"({said})"


def parse_named_query(text: str, sets: Mapping[str, str] | None = None) -> NamedQuery:
    """Read a query and keep the names of its sets; raises QueryError."""
    cache: SetCache = {}
    query = parse_query(text, sets, cache)
    return NamedQuery(query=query, sets={id(read.node): name for name, read in cache.items()})


def get_named_query(watched: TopicMatcher, topic_id: str) -> NamedQuery:
    """Give a topic's query as it was compiled, without reading it again; raises KeyError."""
    return NamedQuery(query=watched.query(topic_id), sets={id(node): name for name, node in watched.sets.items()})


def _written(node: Node) -> str:
    if isinstance(node, Or) and len(node.parts) > MAX_NAMED_OPTIONS:
        head = ", ".join(format_clause(part) for part in node.parts[:3])
        return f"any of {len(node.parts)} ({head}, ...)"
    return format_clause(node)

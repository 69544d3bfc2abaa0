"""Queries that remember which of their parts are sets, so that they can be shown as a person wrote them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.match import Query, Watched, parse_query
from watcher.match.parser import Cache
from watcher.match.printer import clause
from watcher.match.syntax import AtLeast, First, Literal, Node, Or, Scoped, Whole, Words
from watcher.topics.rewrite import replaced

SHOWN = 90
LONGEST = 12
"""An OR of more options is named by its first few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A query and the nodes in it that @sets stand for, by identity."""

    query: Query
    sets: Mapping[int, str] = field(default_factory=dict)

    def say(self, node: Node, most: int = SHOWN) -> str:
        """Write a clause so that it can be recognised: sets by their names, a long OR by its first options."""
        marks: dict[int, Node] = {id_: Words((Literal(f"@{name}"),)) for id_, name in self.sets.items()}
        written = _written(replaced(node, marks))
        return written if len(written) <= most else written[: most - 1].rstrip() + "…"

    def operand(self, node: Node, most: int = SHOWN) -> str:
        """Write a clause as it stands beside an operator: in parentheses where it has operators of its own."""
        said = self.say(node, most)
        bare = id(node) in self.sets or isinstance(node, Words | Whole | AtLeast | First | Scoped)
        return said if bare else f"({said})"


def read_named(text: str, sets: Mapping[str, str] | None = None) -> Named:
    """Read a query and keep the names of its sets; raises QueryError."""
    cache: Cache = {}
    query = parse_query(text, sets, cache)
    return Named(query=query, sets={id(read.node): name for name, read in cache.items()})


def named_in(watched: Watched, topic_id: str) -> Named:
    """Give a topic's query as it was compiled, without reading it again; raises KeyError."""
    return Named(query=watched.query(topic_id), sets={id(node): name for name, node in watched.sets.items()})


def _written(node: Node) -> str:
    if isinstance(node, Or) and len(node.parts) > LONGEST:
        head = ", ".join(clause(part) for part in node.parts[:3])
        return f"any of {len(node.parts)} ({head}, ...)"
    return clause(node)

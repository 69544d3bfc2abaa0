"""A query as three boxes: all of some clauses, any of some, none of some. The same query as its text, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.errors import QueryError
from watcher.match.compiler import format_keyword_query
from watcher.match.format import format_clause, format_query
from watcher.match.node import Node
from watcher.match.operators.conjunction import And
from watcher.match.operators.disjunction import Or
from watcher.match.parser import parse_query

_OPERATORS = (" OR ", " AND ", " NOT ", " NEAR", " ONEAR")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryBoxes:
    """Clauses in the topic language: an entry holds each of `all_of`, one of `any_of`, and nothing of `none_of`.

    Several words without an operator are a phrase.
    """

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


def format_boxes(boxes: QueryBoxes) -> str:
    """Return the query of some boxes as text. Raises QueryError where nothing says what to look for."""
    required = [_format_clause(clause) for clause in _clean(boxes.all_of)]
    options = [_format_clause(clause) for clause in _clean(boxes.any_of)]
    excluded = [_format_clause(clause) for clause in _clean(boxes.none_of)]
    if options:
        required.append(f"({' OR '.join(options)})" if len(options) > 1 else options[0])
    if not required:
        raise QueryError("write at least one word under “all of” or “any of”")
    # Brackets stand only where the next operator would take the words of a group apart.
    text = " AND ".join(required)
    if not excluded:
        return text[1:-1] if len(required) == 1 and len(options) > 1 else text
    negated = f"({' OR '.join(excluded)})" if len(excluded) > 1 else excluded[0]
    return f"{text} NOT {negated}"


def parse_boxes(query: str) -> QueryBoxes | None:
    """Return the boxes of a query; None where boxes cannot show it without loss (@sets are left to the text).

    Raises QueryError.
    """
    if "@" in query:
        return None
    root = parse_query(query).root
    parts: tuple[Node, ...] = root.parts if isinstance(root, And) else (root,)
    excluded = root.without if isinstance(root, And) else ()
    alternatives = [part for part in parts if isinstance(part, Or)]
    # Of several groups of alternatives the last one is the box; the others are clauses of “all of”.
    group = alternatives[-1] if alternatives else None
    boxes = QueryBoxes(
        all_of=tuple(format_clause(part) for part in parts if part is not group),
        any_of=tuple(format_clause(part) for part in group.parts) if isinstance(group, Or) else (),
        none_of=tuple(
            format_clause(option) for part in excluded for option in (part.parts if isinstance(part, Or) else (part,))
        ),
    )
    return boxes if _is_same(boxes, query) else None


def _is_same(boxes: QueryBoxes, query: str) -> bool:
    return format_query(parse_query(format_boxes(boxes))) == format_query(parse_query(query))


def _clean(clauses: Sequence[str]) -> list[str]:
    return [clause.strip() for clause in clauses if clause.strip()]


def _format_clause(clause: str) -> str:
    """Return a clause as it stands in a query: a phrase in quotes, a small query in parentheses."""
    if any(operator in clause for operator in _OPERATORS) or clause.startswith(("NOT ", "(")):
        return clause if clause.startswith("(") and clause.endswith(")") else f"({clause})"
    if " " in clause and (":" in clause.split(" ", 1)[0] or clause.startswith(("FIRST", "AT"))):
        return f"({clause})"
    return format_keyword_query([clause])

"""Writes a query in one spelling for one meaning: operands sorted, words folded, sets written out."""

from __future__ import annotations

from watcher.match.syntax import (
    And,
    AtLeast,
    FieldEquals,
    FieldScope,
    First,
    Inflections,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
    Prefix,
    Query,
    Wildcard,
    WordPattern,
)


def format_query(query: Query) -> str:
    """Return the canonical text: the same for two spellings of one meaning, and it parses to that meaning."""
    plain = normalize_node(query.root)
    if isinstance(plain, FieldScope) and plain.field == "text":
        plain = plain.part  # where a query looks anyway
    return _write(plain, top=True)


def normalize_node(node: Node) -> Node:
    """Give a node's normal form: nested ANDs and ORs flat, operands once each and sorted."""
    match node:
        case And(parts=parts, without=without):
            wanted: list[Node] = []
            unwanted = [normalize_node(part) for part in without]
            for part in map(normalize_node, parts):
                wanted += part.parts if isinstance(part, And) else (part,)
                unwanted += part.without if isinstance(part, And) else ()
            # Neither this nor that is no to either.
            unwanted = [option for part in unwanted for option in (part.parts if isinstance(part, Or) else (part,))]
            kept = _once(wanted)
            return kept[0] if len(kept) == 1 and not unwanted else And(kept, _once(unwanted))
        case Or(parts=parts):
            options: list[Node] = []
            for part in map(normalize_node, parts):
                options += part.parts if isinstance(part, Or) else (part,)
            some = _once(options)
            return some[0] if len(some) == 1 else Or(some)
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            first, second = normalize_node(left), normalize_node(right)
            if not ordered and _write(second) < _write(first):
                first, second = second, first
            return Near(first, second, gap, ordered)
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            return NotNear(normalize_node(left), normalize_node(right), gap, ordered)
        case AtLeast(count=count, part=part):
            return AtLeast(count, normalize_node(part))
        case First(count=count, part=part):
            return First(count, normalize_node(part))
        case FieldScope(field=field, part=part):
            return FieldScope(field, normalize_node(part))
        case Phrase() | FieldEquals():
            return node


def format_clause(node: Node) -> str:
    """Write a node as a person would look at it: the clause that words are evidence for."""
    return _write(node, top=True)


def _write(node: Node, *, top: bool = False) -> str:
    match node:
        case Phrase(parts=parts, exact=exact):
            if exact:
                return f'="{" ".join(exact)}"' if len(exact) > 1 else f"={exact[0]}"
            said = " ".join(_part(part) for part in parts)
            return f'"{said}"' if len(parts) > 1 or said in {"and", "or", "not"} else said
        case FieldEquals(field=field, value=value):
            return f'{field}:"{value}"' if not value.replace("-", "").replace(".", "").isalnum() else f"{field}:{value}"
        case And(parts=parts, without=without):
            said = " AND ".join([*map(_write, parts), *(f"NOT {_write(part)}" for part in without)])
            return said if top else f"({said})"
        case Or(parts=parts):
            said = " OR ".join(map(_write, parts))
            return said if top else f"({said})"
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            said = f"{_write(left)} {'ONEAR' if ordered else 'NEAR'}/{gap} {_write(right)}"
            return said if top else f"({said})"
        case NotNear(left=left, right=right, gap=gap, ordered=ordered):
            said = f"{_write(left)} NOT {'ONEAR' if ordered else 'NEAR'}/{gap} {_write(right)}"
            return said if top else f"({said})"
        case AtLeast(count=count, part=part):
            return f"ATLEAST/{count} ({_write(part, top=True)})"
        case First(count=count, part=part):
            return f"FIRST/{count} ({_write(part, top=True)})"
        case FieldScope(field=field, part=part):
            inner = _write(part)
            return f"{field}:{inner}"


def _once(nodes: list[Node]) -> tuple[Node, ...]:
    written = {_write(node): node for node in nodes}
    return tuple(written[said] for said in sorted(written))


def _part(part: WordPattern) -> str:
    match part:
        case Literal(word=word):
            return word
        case Prefix(start=start):
            return f"{start}*"
        case Wildcard(pattern=pattern):
            return pattern
        case Inflections(word=word, language=language):
            return f"{word}~" if language == "en" else f"{word}~{language}"

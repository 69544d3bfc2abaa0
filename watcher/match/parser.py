"""Parses the topic language: recursive descent over the lexer's tokens, every error at its line and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from watcher.errors import QueryError
from watcher.match.format import format_clause
from watcher.match.inflections import load_inflections
from watcher.match.lexer import Token, TokenKind, tokenize_query
from watcher.match.phrase_parser import list_inflected_words, parse_phrase, query_error
from watcher.match.syntax import And, AtLeast, FieldEquals, FieldScope, First, Near, Node, NotNear, Or, Query
from watcher.text.language_tags import parse_language_tag
from watcher.text.suggest import find_nearest

MAX_DEPTH = 60
"""How deep parentheses, prefixes and sets may nest, and NEARs inside each other, as they do in a row."""
MAX_EXPANDED_DEPTH = 2 * MAX_DEPTH
"""How deep all of them may nest together, with all sets written out: what reads and matches a query recurs as deep."""
MAX_EXPANDED_TOKENS = 100_000
"""How many tokens a query may have with its sets written out: sets that name others twice double each time."""
DEFAULT_PROXIMITY_GAP = 4
_OPERAND_STARTS = {
    TokenKind.OPEN,
    TokenKind.NOT,
    TokenKind.COUNT,
    TokenKind.FIRST,
    TokenKind.FIELD,
    TokenKind.SET,
    TokenKind.WORD,
    TokenKind.PHRASE,
}


class ParsedSet(NamedTuple):
    """A set that was parsed."""

    node: Node
    size: int
    """How many tokens it has, all sets in it written out."""
    nears: int
    """How many NEARs are inside each other in it, at most."""
    depth: int
    """How deep it nests, all sets in it written out."""


SetCache: TypeAlias = dict[str, ParsedSet]
"""Sets that were parsed: each is parsed once, and all that name it share its nodes."""


def parse_query(text: str, sets: Mapping[str, str] | None = None, cache: SetCache | None = None) -> Query:
    """Parse a query; `sets` are the queries that @names stand for, `cache` keeps those that were parsed.

    Raises QueryError with line and column (from 1) in `text`, and a suggestion where there is one.
    """
    return Query(_Parser(text, sets or {}, (), {} if cache is None else cache).parse())


class _Parser:
    def __init__(
        self, text: str, sets: Mapping[str, str], open_sets: tuple[str, ...], cache: SetCache, outer_depth: int = 0
    ) -> None:
        self._cache = cache
        self._tokens = tokenize_query(text)
        if "~" in text:
            load_inflections(list_inflected_words(self._tokens))
        self._sets = sets
        self._open_sets = open_sets
        self._position = 0
        self._depth = len(open_sets)
        # The levels around this text where it is a set's, and the most levels inside it.
        self._outer_depth = outer_depth
        self._deepest = 0
        # Whether the operand just parsed joins several things on its own level, outside of parentheses.
        self._conjoined = False
        # How many NEARs are inside each other in what was parsed, the most of all its parts.
        self._nears = 0
        self._size = len(self._tokens)

    def parse(self) -> Node:
        """Parse the whole text."""
        if self._current.kind is TokenKind.END:
            raise query_error(self._current, "the query is empty")
        node = self._parse_or()
        if not self._is(TokenKind.END):
            raise query_error(self._current, f"unexpected {self._current.text!r}", "is a parenthesis missing?")
        return node

    @property
    def _current(self) -> Token:
        return self._tokens[self._position]

    def _is(self, kind: TokenKind) -> bool:
        return self._tokens[self._position].kind is kind

    def _advance(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _parse_or(self) -> Node:
        """OR of ANDs, but never both on one level."""
        parts = [self._parse_and()]
        conjoined = [self._conjoined]
        mixture: Token | None = None
        while self._current.kind is TokenKind.OR:
            operator = self._advance()
            parts.append(self._parse_and())
            conjoined.append(self._conjoined)
            mixture = mixture or (operator if any(conjoined) else None)
        self._conjoined = False
        if mixture is not None:
            raise query_error(
                mixture, "AND (or a blank) and OR on one level can be read two ways", _suggest_parentheses(parts)
            )
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _parse_and(self) -> Node:
        parts: list[Node] = []
        without: list[Node] = []
        first = self._current
        # AND may be left out: operands beside each other are joined, and NOT needs no AND before it.
        while True:
            if self._current.kind is TokenKind.AND:
                operator = self._advance()
                if not (parts or without) or self._current.kind not in _OPERAND_STARTS:
                    raise query_error(operator, "AND needs something on both sides")
            if self._current.kind is TokenKind.NOT:
                self._advance()
                without.append(self._parse_near())
            elif self._current.kind in _OPERAND_STARTS:
                parts.append(self._parse_near())
            else:
                break
        if not parts and not without:
            raise _missing_operand(first)
        if not parts:
            raise query_error(first, "a query of exclusions alone matches nearly everything", "say what to look for")
        self._conjoined = len(parts) + len(without) > 1
        return And(tuple(parts), tuple(without)) if self._conjoined else parts[0]

    def _parse_near(self) -> Node:
        before, self._nears = self._nears, 0
        left = self._parse_operand()
        while True:
            operator_type: type[Near | NotNear] = Near
            if self._current.kind is TokenKind.NOT and self._tokens[self._position + 1].kind is TokenKind.NEAR:
                self._advance()
                operator_type = NotNear
            elif self._current.kind is not TokenKind.NEAR:
                self._nears = max(before, self._nears)
                return left
            operator = self._advance()
            gap = operator.number if operator.number is not None else DEFAULT_PROXIMITY_GAP
            self._require_words(left, operator)
            right = self._parse_operand()
            self._require_words(right, operator)
            left = operator_type(left, right, gap, operator.ordered)
            self._count_nears(self._nears + 1, operator)

    def _count_nears(self, nears: int, token: Token) -> None:
        self._nears = nears
        if nears > MAX_DEPTH:
            raise query_error(token, f"more than {MAX_DEPTH} NEARs in a row, or inside each other")

    def _require_words(self, node: Node, operator: Token) -> None:
        """Refuse what has no place in a text: NEAR is about words."""
        if isinstance(node, FieldEquals):
            raise query_error(operator, f"{operator.text} is about words; {node.field}: has none")

    def _parse_operand(self) -> Node:
        token = self._current
        if token.kind not in _OPERAND_STARTS or token.kind is TokenKind.NOT:
            raise _missing_operand(token)
        self._advance()
        # To add an operator that takes parentheses: its token kind beside COUNT and FIRST.
        match token.kind:
            case TokenKind.OPEN:
                return self._parse_parentheses(token)
            case TokenKind.COUNT | TokenKind.FIRST:
                if self._current.kind is not TokenKind.OPEN:
                    raise query_error(token, f"{token.text}/{token.number} needs a parenthesis after it")
                part = self._parse_parentheses(self._advance())
                number = token.number or 1
                return AtLeast(number, part) if token.kind is TokenKind.COUNT else First(number, part)
            case TokenKind.FIELD:
                return self._parse_scope(token)
            case TokenKind.SET:
                return self._parse_set_name(token)
            case TokenKind.PHRASE:
                return self._parse_quoted(token)
            case _:
                return parse_phrase([token.text], token)

    def _parse_parentheses(self, opening: Token) -> Node:
        self._open_level(opening)
        if self._current.kind is TokenKind.CLOSE:
            raise query_error(opening, "nothing inside the parentheses")
        node = self._parse_or()
        if not self._is(TokenKind.CLOSE):
            if self._is(TokenKind.END):
                raise query_error(opening, "( is never closed")
            raise query_error(self._current, f"unexpected {self._current.text!r}")
        self._advance()
        self._depth -= 1
        return node

    def _open_level(self, token: Token) -> None:
        """Count one level more; raises QueryError where that is too deep. The caller takes the level back."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise query_error(token, f"nested more than {MAX_DEPTH} deep")
        self._note_depth(self._level, token)

    @property
    def _level(self) -> int:
        """How many levels of this text are open."""
        return self._depth - len(self._open_sets)

    def _note_depth(self, levels: int, token: Token) -> None:
        self._deepest = max(self._deepest, levels)
        if self._outer_depth + levels > MAX_EXPANDED_DEPTH:
            raise query_error(token, f"nested more than {MAX_EXPANDED_DEPTH} deep, with all sets written out")

    def _parse_scope(self, scope: Token) -> Node:
        if scope.text in {"lang", "domain"}:
            return self._parse_field_values(scope)
        if self._current.kind not in _OPERAND_STARTS - {TokenKind.NOT}:
            raise query_error(scope, f"{scope.text}: needs something after it")
        self._open_level(scope)
        node = FieldScope(scope.text, self._parse_operand())
        self._depth -= 1
        return node

    def _parse_field_values(self, scope: Token) -> Node:
        value = self._advance()
        if value.kind is not TokenKind.OPEN:
            if value.kind not in {TokenKind.WORD, TokenKind.PHRASE}:
                raise query_error(value, f"{scope.text}: needs a value")
            return _parse_field_value(scope.text, value)
        parts: list[Node] = []
        while self._current.kind in {TokenKind.WORD, TokenKind.PHRASE, TokenKind.OR}:
            if (token := self._advance()).kind is not TokenKind.OR:
                parts.append(_parse_field_value(scope.text, token))
        if self._current.kind is not TokenKind.CLOSE or not parts:
            raise query_error(value, f"{scope.text}: takes a value or (one OR another)")
        self._advance()
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _parse_set_name(self, token: Token) -> Node:
        name = token.text
        if name in self._open_sets:
            cycle = (*self._open_sets[self._open_sets.index(name) :], name)
            chain = " -> ".join(f"@{set_name}" for set_name in cycle)
            raise query_error(token, f"a set that contains itself: {chain}")
        if name not in self._sets:
            nearest = find_nearest(name, self._sets)
            raise query_error(token, f"no set @{name}", f"did you mean @{nearest}?" if nearest else "")
        if len(self._open_sets) >= MAX_DEPTH:
            raise query_error(token, f"sets nested more than {MAX_DEPTH} deep")
        parsed = self._cache.get(name)
        if parsed is None:
            parsed = self._cache[name] = self._parse_set(token)
        self._size += parsed.size
        if self._size > MAX_EXPANDED_TOKENS:
            raise query_error(token, f"more than {MAX_EXPANDED_TOKENS:,} words and marks, with all sets written out")
        self._nears = max(self._nears, parsed.nears)
        self._note_depth(self._level + 1 + parsed.depth, token)
        return parsed.node

    def _parse_set(self, token: Token) -> ParsedSet:
        name = token.text
        outer_depth = self._outer_depth + self._level + 1
        parser = _Parser(self._sets[name], self._sets, (*self._open_sets, name), self._cache, outer_depth)
        try:
            return ParsedSet(parser.parse(), parser._size, parser._nears, parser._deepest)
        except QueryError as error:
            inside = (
                error.message if error.message.startswith("in @") else f"{error.line}:{error.column}: {error.message}"
            )
            raise query_error(token, f"in @{name}: {inside}", error.suggestion) from error

    def _parse_quoted(self, token: Token) -> Node:
        words = token.text.split()
        if token.number is None:
            return parse_phrase(words, token)
        # "a b c"~2 is a NEAR/2 b NEAR/2 c.
        if len(words) < 2:
            raise query_error(token, f"~{token.number} needs a phrase of several words")
        self._count_nears(max(self._nears, len(words) - 1), token)
        node: Node = parse_phrase(words[:1], token)
        for word in words[1:]:
            node = Near(node, parse_phrase([word], token), token.number)
        return node


def _parse_field_value(field: str, token: Token) -> FieldEquals:
    value = token.text.strip().lower()
    if field == "domain":
        host = value.removeprefix("www.").strip("./")
        if not re.fullmatch(r"[^\s/:@?#*]+", host):
            raise query_error(
                token, f"{token.text!r} is no domain", "write domain:example.org; url: looks in addresses"
            )
        return FieldEquals(field, host)
    tag = parse_language_tag(value)
    if tag is None:
        raise query_error(token, f"{token.text!r} is no language", "write lang:en, lang:pt-BR, lang:uk")
    return FieldEquals(field, tag.lower())


def _missing_operand(token: Token) -> QueryError:
    if token.kind is TokenKind.END:
        return query_error(token, "the query ends too early")
    if token.kind is TokenKind.CLOSE:
        return query_error(token, "unexpected )", "is an opening parenthesis missing?")
    return query_error(token, f"{token.text} needs something before it")


def _suggest_parentheses(parts: list[Node]) -> str:
    """Return the two ways in which a mixture of AND and OR can have been meant."""
    index = next(i for i, part in enumerate(parts) if isinstance(part, And))
    first, second = (parts[index], parts[index + 1]) if index + 1 < len(parts) else (parts[index], parts[index - 1])
    assert isinstance(first, And)
    *head, last = [format_clause(part) for part in (*first.parts, *first.without)]
    other = format_clause(second)
    suggestion = f"write ({' AND '.join([*head, last])}) OR {other}, or {' AND '.join(head)} AND ({last} OR {other})"
    return suggestion if len(suggestion) < 160 else "write (a AND b) OR c, or a AND (b OR c)"

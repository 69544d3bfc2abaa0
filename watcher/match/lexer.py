"""Cuts a query into tokens that know their line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from watcher.errors import QueryError
from watcher.match.foreign_syntax import refuse_foreign_mark
from watcher.match.syntax import SCOPES
from watcher.text.suggest import find_nearest

MAX_QUERY_CHARACTERS = 60_000
"""Characters of one query."""
MAX_PROXIMITY_GAP = 1_000
"""Words between, at most."""


class TokenKind(Enum):
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    COUNT = "ATLEAST"
    FIRST = "FIRST"
    FIELD = "field:"
    SET = "@set"
    WORD = "word"
    PHRASE = "phrase"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: `text` is its content, `number` what follows its slash, `exact` an = before it."""

    kind: TokenKind
    text: str
    line: int
    column: int
    number: int | None = None
    exact: bool = False
    ordered: bool = False


_SPACE = re.compile(r"(?:\s+|#[^\n]*)+")
_PROXIMITY = re.compile(r"(ONEAR|NEAR|PRE|W|ATLEAST|FIRST)(?:/(\d{1,6}))?(?![\w/])")
_FIELD = re.compile(r"([A-Za-z]+):(?!//)")
_SET = re.compile(r"@([A-Za-z0-9_][\w-]*)")
_HEBREW_QUOTE = re.compile('(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea])')
_WORD = re.compile('(?:[^\\s()"{}\u201c\u201d\u201e\u00ab\u00bb]|(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea]))+')
_QUOTES = {'"': '"', "\u201c": '\u201d\u201c"', "\u201e": '\u201c\u201d"', "\u00ab": "\u00bb", "\u201d": '\u201d"'}
_OPERATORS = {kind: re.compile(rf"{kind.value}(?![^\s()\"])") for kind in (TokenKind.AND, TokenKind.OR, TokenKind.NOT)}
_SLOP = re.compile(r"~(\d{1,3})(?!\w)")
_KNOWN_FIELDS = frozenset(SCOPES)


def tokenize_query(text: str) -> list[Token]:
    """Cut a query into tokens, the last of kind END. Raises QueryError at the place of what cannot be read."""
    if len(text) > MAX_QUERY_CHARACTERS:
        raise QueryError(f"the query is longer than {MAX_QUERY_CHARACTERS:,} characters")
    found: list[Token] = []
    position = 0
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    line = 0

    def place(at: int) -> tuple[int, int]:
        nonlocal line
        while line + 1 < len(starts) and starts[line + 1] <= at:
            line += 1
        return line + 1, at - starts[line] + 1

    while position < len(text):
        if (space := _SPACE.match(text, position)) is not None:
            position = space.end()
            continue
        row, column = place(position)
        lexeme, position = _next(text, position, row, column)
        found.append(lexeme)
    row, column = place(len(text))
    found.append(Token(TokenKind.END, "", row, column))
    return found


def _next(text: str, at: int, line: int, column: int) -> tuple[Token, int]:
    character = text[at]
    if character in "()":
        return Token(TokenKind(character), character, line, column), at + 1
    exact = False
    if character == "=" and at + 1 < len(text) and not text[at + 1].isspace():
        exact, at = True, at + 1
        character = text[at]
    if character == "{":
        end = text.find("}", at)
        if end < 0:
            raise QueryError("{ is never closed", line=line, column=column, suggestion="write {X} or =X for exact case")
        return Token(TokenKind.PHRASE, text[at + 1 : end], line, column, exact=True), end + 1
    if character in _QUOTES:
        return _phrase(text, at, line, column, exact)
    if not exact:
        if (operator := _PROXIMITY.match(text, at)) is not None and (operator[2] or operator[1] != "W"):
            return _operator(operator, line, column), operator.end()
        if character in "AON":
            for kind, operator_alone in _OPERATORS.items():
                if operator_alone.match(text, at):
                    return Token(kind, kind.value, line, column), at + len(kind.value)
        if (scope := _FIELD.match(text, at)) is not None:
            name = scope[1].lower()
            known = name if name in _KNOWN_FIELDS else name.rstrip("s")
            if known in _KNOWN_FIELDS:
                return Token(TokenKind.FIELD, known, line, column), scope.end()
            if text[scope.end() : scope.end() + 1].strip(" \t\r\n)"):
                raise _unknown_field(scope[1], line, column)
        if (named := _SET.match(text, at)) is not None:
            return Token(TokenKind.SET, named[1], line, column), named.end()
        refuse_foreign_mark(text, at, line, column)
    word = _WORD.match(text, at)
    if word is None:
        raise QueryError(f"cannot read {character!r} here", line=line, column=column)
    said = word[0]
    if said in {"and", "or", "not"} and not exact:
        raise QueryError(
            f"{said!r} in small letters is a word, not an operator",
            line=line,
            column=column,
            suggestion=f'write {said.upper()}, or "{said}" for the word',
        )
    return Token(TokenKind.WORD, said, line, column, exact=exact), word.end()


def _phrase(text: str, at: int, line: int, column: int, exact: bool) -> tuple[Token, int]:
    closers = _QUOTES[text[at]]
    end = at + 1
    while end < len(text) and (text[end] not in closers or _HEBREW_QUOTE.match(text, end)):
        end += 1
    if end == len(text):
        raise QueryError("the phrase is never closed", line=line, column=column, suggestion='add a closing "')
    words = text[at + 1 : end]
    end += 1
    if (slop := _SLOP.match(text, end)) is not None:
        return Token(TokenKind.PHRASE, words, line, column, number=int(slop[1]), exact=exact), slop.end()
    return Token(TokenKind.PHRASE, words, line, column, exact=exact), end


def _operator(found: re.Match[str], line: int, column: int) -> Token:
    name, number = found[1], int(found[2]) if found[2] else None
    if name in {"ATLEAST", "FIRST"}:
        if not number:
            raise QueryError(
                f"{name} needs a number", line=line, column=column, suggestion=f"write {name}/3 (words to count)"
            )
        return Token(TokenKind.COUNT if name == "ATLEAST" else TokenKind.FIRST, name, line, column, number=number)
    if number is not None and number > MAX_PROXIMITY_GAP:
        raise QueryError(
            f"{name}/{number} is too far: at most {MAX_PROXIMITY_GAP:,} words between", line=line, column=column
        )
    return Token(TokenKind.NEAR, name, line, column, number=number, ordered=name in {"ONEAR", "PRE"})


def _unknown_field(name: str, line: int, column: int) -> QueryError:
    nearest = find_nearest(name.lower(), sorted(_KNOWN_FIELDS))
    suggestion = f"did you mean {nearest}: ?" if nearest else f'for the words themselves write "{name}: ..."'
    return QueryError(f"no field {name!r}", line=line, column=column, suggestion=suggestion)

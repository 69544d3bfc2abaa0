"""Splits a query into tokens that have their line and column."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from watcher.errors import QueryError
from watcher.match.fields import SCOPES
from watcher.match.foreign_syntax import refuse_foreign_mark
from watcher.text.suggest import find_nearest

MAX_QUERY_CHARACTERS = 60_000
"""How long a query may be."""
MAX_PROXIMITY_GAP = 1_000
"""How many words NEAR may allow between two others."""


class TokenKind(Enum):
    """What a token is."""

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
    """A token: `text` is its content, `number` what follows its slash, `exact` an = before it.

    `line` and `column` count from 1.
    """

    kind: TokenKind
    text: str
    line: int
    column: int
    number: int | None = None
    exact: bool = False
    ordered: bool = False


_SPACE = re.compile(r"(?:\s+|#[^\n]*)+")
_OPERATOR = re.compile(r"(ONEAR|NEAR|PRE|W|ATLEAST|FIRST)(?:/(\d{1,6}))?(?![\w/])")
_FIELD = re.compile(r"([A-Za-z]+):(?!//)")
_SET = re.compile(r"@([A-Za-z0-9_][\w-]*)")
# A gershayim inside a Hebrew acronym is no quotation mark.
_HEBREW_QUOTE = re.compile('(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea])')
_WORD = re.compile('(?:[^\\s()"{}\u201c\u201d\u201e\u00ab\u00bb]|(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea]))+')
_QUOTES = {'"': '"', "\u201c": '\u201d\u201c"', "\u201e": '\u201c\u201d"', "\u00ab": "\u00bb", "\u201d": '\u201d"'}
_CONNECTIVES = {
    kind: re.compile(rf"{kind.value}(?![^\s()\"])") for kind in (TokenKind.AND, TokenKind.OR, TokenKind.NOT)
}
_SLOP = re.compile(r"~(\d{1,3})(?!\w)")
_FIELD_NAMES = frozenset(SCOPES)


def tokenize_query(text: str) -> list[Token]:
    """Return a query's tokens, the last of kind END. Raises QueryError at the place of what cannot be read."""
    if len(text) > MAX_QUERY_CHARACTERS:
        raise QueryError(f"the query is longer than {MAX_QUERY_CHARACTERS:,} characters")
    tokens: list[Token] = []
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    position = 0
    while position < len(text):
        if (space := _SPACE.match(text, position)) is not None:
            position = space.end()
            continue
        token, position = _read_token(text, position, *_locate(position, line_starts))
        tokens.append(token)
    tokens.append(Token(TokenKind.END, "", *_locate(len(text), line_starts)))
    return tokens


def _locate(position: int, line_starts: list[int]) -> tuple[int, int]:
    """Return the line and column of a position, from 1."""
    line = bisect_right(line_starts, position)
    return line, position - line_starts[line - 1] + 1


def _read_token(text: str, position: int, line: int, column: int) -> tuple[Token, int]:
    """Return the token that begins at a position, and where it ends."""
    character = text[position]
    if character in "()":
        return Token(TokenKind(character), character, line, column), position + 1
    exact = False
    if character == "=" and position + 1 < len(text) and not text[position + 1].isspace():
        exact, position = True, position + 1
        character = text[position]
    if character == "{":
        end = text.find("}", position)
        if end < 0:
            raise QueryError("{ is never closed", line=line, column=column, suggestion="write {X} or =X for exact case")
        return Token(TokenKind.PHRASE, text[position + 1 : end], line, column, exact=True), end + 1
    if character in _QUOTES:
        return _read_phrase(text, position, line, column, exact)
    # After = even AND is a word.
    if not exact and (keyword := _read_keyword(text, position, line, column)) is not None:
        return keyword
    return _read_word(text, position, line, column, exact)


def _read_keyword(text: str, position: int, line: int, column: int) -> tuple[Token, int] | None:
    """Return the operator, field or set that begins at a position, and where it ends; None where a word does."""
    # W alone is a word, W/3 is NEAR in other tools' spelling.
    if (operator := _OPERATOR.match(text, position)) is not None and (operator[2] or operator[1] != "W"):
        return _build_operator(operator, line, column), operator.end()
    if text[position] in "AON":
        for kind, connective in _CONNECTIVES.items():
            if connective.match(text, position):
                return Token(kind, kind.value, line, column), position + len(kind.value)
    if (scope := _FIELD.match(text, position)) is not None:
        name = scope[1].lower()
        known = name if name in _FIELD_NAMES else name.rstrip("s")
        if known in _FIELD_NAMES:
            return Token(TokenKind.FIELD, known, line, column), scope.end()
        # "Live: " ends a word; "live:x" is taken for a field that does not exist.
        if text[scope.end() : scope.end() + 1].strip(" \t\r\n)"):
            raise _unknown_field(scope[1], line, column)
    if (named := _SET.match(text, position)) is not None:
        return Token(TokenKind.SET, named[1], line, column), named.end()
    refuse_foreign_mark(text, position, line, column)
    return None


def _read_word(text: str, position: int, line: int, column: int, exact: bool) -> tuple[Token, int]:
    match = _WORD.match(text, position)
    if match is None:
        raise QueryError(f"cannot read {text[position]!r} here", line=line, column=column)
    word = match[0]
    if word in {"and", "or", "not"} and not exact:
        raise QueryError(
            f"{word!r} in small letters is a word, not an operator",
            line=line,
            column=column,
            suggestion=f'write {word.upper()}, or "{word}" for the word',
        )
    return Token(TokenKind.WORD, word, line, column, exact=exact), match.end()


def _read_phrase(text: str, position: int, line: int, column: int, exact: bool) -> tuple[Token, int]:
    closing = _QUOTES[text[position]]
    end = position + 1
    while end < len(text) and (text[end] not in closing or _HEBREW_QUOTE.match(text, end)):
        end += 1
    if end == len(text):
        raise QueryError("the phrase is never closed", line=line, column=column, suggestion='add a closing "')
    words = text[position + 1 : end]
    end += 1
    if (slop := _SLOP.match(text, end)) is not None:
        return Token(TokenKind.PHRASE, words, line, column, number=int(slop[1]), exact=exact), slop.end()
    return Token(TokenKind.PHRASE, words, line, column, exact=exact), end


def _build_operator(match: re.Match[str], line: int, column: int) -> Token:
    name, number = match[1], int(match[2]) if match[2] else None
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
    nearest = find_nearest(name.lower(), sorted(_FIELD_NAMES))
    suggestion = f"did you mean {nearest}: ?" if nearest else f'for the words themselves write "{name}: ..."'
    return QueryError(f"no field {name!r}", line=line, column=column, suggestion=suggestion)

"""Reads the topic language: recursive descent over the lexer's tokens, every fault at its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from watcher.errors import QueryError
from watcher.match.format import format_clause
from watcher.match.inflections import INFLECTED_LANGUAGES, get_inflections, load_inflections
from watcher.match.lexer import Token, TokenKind, tokenize_query
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
from watcher.text.language_tags import parse_language_tag
from watcher.text.normalize import fold
from watcher.text.suggest import find_nearest
from watcher.text.tokenizer import surfaces, tokens

MAX_DEPTH = 60
"""How deep parentheses, prefixes and sets may nest, and NEARs inside each other, as they do in a row."""
MAX_EXPANDED_DEPTH = 2 * MAX_DEPTH
"""How deep all of them may nest together, with all sets written out: what reads and matches a query recurs as deep."""
MAX_EXPANDED_TOKENS = 100_000
"""Of how many words and marks a query may be, its sets written out: sets that name others twice double each time."""
DEFAULT_PROXIMITY_GAP = 4
_FORMS = re.compile(r"~([a-z]{2,3})?$")
_STARTS = {
    TokenKind.OPEN,
    TokenKind.NOT,
    TokenKind.COUNT,
    TokenKind.FIRST,
    TokenKind.FIELD,
    TokenKind.SET,
    TokenKind.WORD,
    TokenKind.PHRASE,
}
_IDEOGRAPH = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


class ParsedSet(NamedTuple):
    """A set that was read."""

    node: Node
    size: int
    """Of how many words and marks it is, all sets in it written out."""
    nears: int
    """How many NEARs stand inside each other in it, at most."""
    depth: int
    """How deep it nests, all sets in it written out."""


SetCache: TypeAlias = dict[str, ParsedSet]
"""Sets that were read: each is read once, and all that name it share its nodes."""


def parse_query(text: str, sets: Mapping[str, str] | None = None, cache: SetCache | None = None) -> Query:
    """Read a query; `sets` are the queries that @names stand for, `cache` keeps those that were read.

    Raises QueryError with line and column (from 1) in `text`, and a suggestion where there is one.
    """
    return Query(_Parser(text, sets or {}, (), {} if cache is None else cache).whole())


class _Parser:
    def __init__(
        self, text: str, sets: Mapping[str, str], open_sets: tuple[str, ...], cache: SetCache, above: int = 0
    ) -> None:
        self._cache = cache
        self._lexemes = tokenize_query(text)
        if "~" in text:
            load_inflections(_inflected(self._lexemes))
        self._sets = sets
        self._open_sets = open_sets
        self._at = 0
        self._depth = len(open_sets)
        # The levels around this text where it is a set's, and the most levels inside it.
        self._above = above
        self._deepest = 0
        # Whether the operand just read joins several things on its own level, outside of parentheses.
        self._conjoined = False
        # How many NEARs stand inside each other in what was read, the most of all its parts.
        self._nears = 0
        self._size = len(self._lexemes)

    def whole(self) -> Node:
        if self._now.kind is TokenKind.END:
            raise self._fault(self._now, "the query is empty")
        node = self._any()
        if not self._is(TokenKind.END):
            raise self._fault(self._now, f"unexpected {self._now.text!r}", "is a parenthesis missing?")
        return node

    @property
    def _now(self) -> Token:
        return self._lexemes[self._at]

    def _is(self, kind: TokenKind) -> bool:
        return self._lexemes[self._at].kind is kind

    def _take(self) -> Token:
        lexeme = self._lexemes[self._at]
        self._at += 1
        return lexeme

    def _any(self) -> Node:
        """OR of ANDs, but never both on one level."""
        parts = [self._all()]
        joined = [self._conjoined]
        mixture: Token | None = None
        while self._now.kind is TokenKind.OR:
            operator = self._take()
            parts.append(self._all())
            joined.append(self._conjoined)
            mixture = mixture or (operator if any(joined) else None)
        self._conjoined = False
        if mixture is not None:
            raise self._fault(mixture, "AND (or a blank) and OR on one level can be read two ways", _readings(parts))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Node:
        wanted: list[Node] = []
        unwanted: list[Node] = []
        first = self._now
        while True:
            if self._now.kind is TokenKind.AND:
                operator = self._take()
                if not (wanted or unwanted) or self._now.kind not in _STARTS:
                    raise self._fault(operator, "AND needs something on both sides")
            if self._now.kind is TokenKind.NOT:
                self._take()
                unwanted.append(self._near())
            elif self._now.kind in _STARTS:
                wanted.append(self._near())
            else:
                break
        if not wanted and not unwanted:
            raise self._nothing_here(first)
        if not wanted:
            raise self._fault(first, "a query of exclusions alone matches nearly everything", "say what to look for")
        self._conjoined = len(wanted) + len(unwanted) > 1
        return And(tuple(wanted), tuple(unwanted)) if self._conjoined else wanted[0]

    def _near(self) -> Node:
        before, self._nears = self._nears, 0
        left = self._one()
        while True:
            kind: type[Near | NotNear] = Near
            if self._now.kind is TokenKind.NOT and self._lexemes[self._at + 1].kind is TokenKind.NEAR:
                self._take()
                kind = NotNear
            elif self._now.kind is not TokenKind.NEAR:
                self._nears = max(before, self._nears)
                return left
            operator = self._take()
            gap = operator.number if operator.number is not None else DEFAULT_PROXIMITY_GAP
            left = kind(self._spoken(left, operator), self._spoken(self._one(), operator), gap, operator.ordered)
            self._pile(self._nears + 1, operator)

    def _pile(self, nears: int, lexeme: Token) -> None:
        self._nears = nears
        if nears > MAX_DEPTH:
            raise self._fault(lexeme, f"more than {MAX_DEPTH} NEARs in a row, or inside each other")

    def _spoken(self, node: Node, operator: Token) -> Node:
        """Refuse what has no place in a text: NEAR is about words."""
        if isinstance(node, FieldEquals):
            raise self._fault(operator, f"{operator.text} is about words; {node.field}: has none")
        return node

    def _one(self) -> Node:
        lexeme = self._now
        if lexeme.kind not in _STARTS or lexeme.kind is TokenKind.NOT:
            raise self._nothing_here(lexeme)
        self._take()
        match lexeme.kind:
            case TokenKind.OPEN:
                return self._nested(lexeme)
            case TokenKind.COUNT | TokenKind.FIRST:
                if self._now.kind is not TokenKind.OPEN:
                    raise self._fault(lexeme, f"{lexeme.text}/{lexeme.number} needs a parenthesis after it")
                part = self._nested(self._take())
                number = lexeme.number or 1
                return AtLeast(number, part) if lexeme.kind is TokenKind.COUNT else First(number, part)
            case TokenKind.FIELD:
                return self._scoped(lexeme)
            case TokenKind.SET:
                return self._set(lexeme)
            case TokenKind.PHRASE:
                return self._phrase(lexeme)
            case _:
                return self._word(lexeme)

    def _nested(self, opening: Token) -> Node:
        self._open_level(opening)
        if self._now.kind is TokenKind.CLOSE:
            raise self._fault(opening, "nothing inside the parentheses")
        node = self._any()
        if not self._is(TokenKind.CLOSE):
            if self._is(TokenKind.END):
                raise self._fault(opening, "( is never closed")
            raise self._fault(self._now, f"unexpected {self._now.text!r}")
        self._take()
        self._depth -= 1
        return node

    def _open_level(self, lexeme: Token) -> None:
        """Count one level more; raises QueryError where that is too deep. Whoever calls it takes the level back."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._fault(lexeme, f"nested more than {MAX_DEPTH} deep")
        self._note_depth(self._level, lexeme)

    @property
    def _level(self) -> int:
        """How many levels of this text are open."""
        return self._depth - len(self._open_sets)

    def _note_depth(self, levels: int, lexeme: Token) -> None:
        self._deepest = max(self._deepest, levels)
        if self._above + levels > MAX_EXPANDED_DEPTH:
            raise self._fault(lexeme, f"nested more than {MAX_EXPANDED_DEPTH} deep, with all sets written out")

    def _scoped(self, lexeme: Token) -> Node:
        if lexeme.text in {"lang", "domain"}:
            return self._whole(lexeme)
        if self._now.kind not in _STARTS - {TokenKind.NOT}:
            raise self._fault(lexeme, f"{lexeme.text}: needs something after it")
        self._open_level(lexeme)
        node = FieldScope(lexeme.text, self._one())
        self._depth -= 1
        return node

    def _whole(self, lexeme: Token) -> Node:
        value = self._take()
        if value.kind is not TokenKind.OPEN:
            if value.kind not in {TokenKind.WORD, TokenKind.PHRASE}:
                raise self._fault(value, f"{lexeme.text}: needs a value")
            return self._value(lexeme.text, value)
        parts: list[Node] = []
        while self._now.kind in {TokenKind.WORD, TokenKind.PHRASE, TokenKind.OR}:
            if (one := self._take()).kind is not TokenKind.OR:
                parts.append(self._value(lexeme.text, one))
        if self._now.kind is not TokenKind.CLOSE or not parts:
            raise self._fault(value, f"{lexeme.text}: takes a value or (one OR another)")
        self._take()
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _value(self, field: str, lexeme: Token) -> FieldEquals:
        value = lexeme.text.strip().lower()
        if field == "domain":
            host = value.removeprefix("www.").strip("./")
            if not re.fullmatch(r"[^\s/:@?#*]+", host):
                raise self._fault(
                    lexeme, f"{lexeme.text!r} is no domain", "write domain:example.org; url: looks in addresses"
                )
            return FieldEquals(field, host)
        tag = parse_language_tag(value)
        if tag is None:
            raise self._fault(lexeme, f"{lexeme.text!r} is no language", "write lang:en, lang:pt-BR, lang:uk")
        return FieldEquals(field, tag.lower())

    def _set(self, lexeme: Token) -> Node:
        name = lexeme.text
        if name in self._open_sets:
            chain = " -> ".join(f"@{each}" for each in (*self._open_sets[self._open_sets.index(name) :], name))
            raise self._fault(lexeme, f"a set that contains itself: {chain}")
        if name not in self._sets:
            nearest = find_nearest(name, self._sets)
            raise self._fault(lexeme, f"no set @{name}", f"did you mean @{nearest}?" if nearest else "")
        if len(self._open_sets) >= MAX_DEPTH:
            raise self._fault(lexeme, f"sets nested more than {MAX_DEPTH} deep")
        read = self._cache.get(name)
        if read is None:
            read = self._cache[name] = self._read(lexeme)
        self._size += read.size
        if self._size > MAX_EXPANDED_TOKENS:
            raise self._fault(lexeme, f"more than {MAX_EXPANDED_TOKENS:,} words and marks, with all sets written out")
        self._nears = max(self._nears, read.nears)
        self._note_depth(self._level + 1 + read.depth, lexeme)
        return read.node

    def _read(self, lexeme: Token) -> ParsedSet:
        name = lexeme.text
        above = self._above + self._level + 1
        parser = _Parser(self._sets[name], self._sets, (*self._open_sets, name), self._cache, above)
        try:
            return ParsedSet(parser.whole(), parser._size, parser._nears, parser._deepest)
        except QueryError as error:
            inside = (
                error.message if error.message.startswith("in @") else f"{error.line}:{error.column}: {error.message}"
            )
            raise self._fault(lexeme, f"in @{name}: {inside}", error.suggestion) from error

    def _word(self, lexeme: Token) -> Node:
        return self._words([lexeme.text], lexeme)

    def _phrase(self, lexeme: Token) -> Node:
        pieces = lexeme.text.split()
        if lexeme.number is None:
            return self._words(pieces, lexeme)
        if len(pieces) < 2:
            raise self._fault(lexeme, f"~{lexeme.number} needs a phrase of several words")
        self._pile(max(self._nears, len(pieces) - 1), lexeme)
        node: Node = self._words(pieces[:1], lexeme)
        for piece in pieces[1:]:
            node = Near(node, self._words([piece], lexeme), lexeme.number)
        return node

    def _words(self, pieces: list[str], lexeme: Token) -> Node:
        if lexeme.exact:
            return self._exact(pieces, lexeme)
        parts = [part for piece in pieces for part in self._parts(piece, lexeme)]
        if not parts:
            raise self._fault(lexeme, f"{lexeme.text!r} has no letters or digits to look for")
        return Phrase(tuple(parts))

    def _exact(self, pieces: list[str], lexeme: Token) -> Node:
        joined = " ".join(pieces)
        said = tuple(surfaces(joined))
        if not said:
            raise self._fault(lexeme, f"{lexeme.text!r} has no letters or digits to look for")
        if any(mark in joined for mark in "*?~"):
            raise self._fault(lexeme, "exact case (=) and wildcards do not go together")
        return Phrase(tuple(Literal(word) for word in tokens(joined)), said)

    def _parts(self, piece: str, lexeme: Token) -> list[WordPattern]:
        if (inflected := _FORMS.search(piece)) is not None:
            return self._forms(piece[: inflected.start()], inflected[1] or "en", lexeme)
        if "*" not in piece and "?" not in piece:
            return [Literal(word) for word in tokens(piece)]
        if piece.endswith("?") and "*" not in piece and piece.count("?") == 1 and lexeme.kind is TokenKind.PHRASE:
            return [Literal(word) for word in tokens(piece)]
        *before, last = re.split(r"[-/\u2010-\u2015]", piece)
        parts: list[WordPattern] = [Literal(word) for word in tokens(" ".join(before))]
        return [*parts, *self._wild(last, lexeme)]

    def _wild(self, piece: str, lexeme: Token) -> list[WordPattern]:
        letters = re.sub(r"[*?]", "", piece)
        if _IDEOGRAPH.search(letters):
            if piece.rstrip("*") == letters:
                return [Literal(word) for word in tokens(letters)]  # characters are words: any may follow
            raise self._fault(lexeme, f"{piece!r}: wildcards do not go inside a script without spaces")
        needed = 2 if _HANGUL.search(letters) else 3
        if len(letters) < needed:
            raise self._fault(
                lexeme, f"{piece!r} is too short: wildcards need {needed} letters", "write the words out with OR"
            )
        if piece.rstrip("*") == letters:
            *whole, last = tokens(letters) or [""]
            if not last:
                raise self._fault(lexeme, f"{piece!r} has no letters or digits to look for")
            return [*(Literal(word) for word in whole), Prefix(last)]
        if piece[0] in "*?":
            raise self._fault(lexeme, f"{piece!r}: a word cannot begin with a wildcard", "write pre* or w?ld")
        folded = "".join(part if part in {"*", "?"} else fold(part) for part in re.split(r"([*?])", piece) if part)
        return [Wildcard(re.sub(r"\*+", "*", folded))]

    def _forms(self, word: str, language: str, lexeme: Token) -> list[WordPattern]:
        *whole, last = tokens(word) or [""]
        if not last:
            raise self._fault(lexeme, "~ needs a word before it", "write share~ for share, shares, shared, sharing")
        if language not in INFLECTED_LANGUAGES:
            raise self._fault(lexeme, f"no inflections for language {language!r}", "known are en, de, fr, ru, uk, ...")
        parts: list[WordPattern] = [Literal(each) for each in whole]
        forms = get_inflections(_spelt(word), language) | {last}
        return [*parts, Inflections(last, language, forms) if len(forms) > 1 else Literal(last)]

    def _nothing_here(self, lexeme: Token) -> QueryError:
        if lexeme.kind is TokenKind.END:
            return self._fault(lexeme, "the query ends too early")
        if lexeme.kind is TokenKind.CLOSE:
            return self._fault(lexeme, "unexpected )", "is an opening parenthesis missing?")
        return self._fault(lexeme, f"{lexeme.text} needs something before it")

    def _fault(self, lexeme: Token, message: str, suggestion: str = "") -> QueryError:
        return QueryError(message, line=lexeme.line, column=lexeme.column, suggestion=suggestion)


def _inflected(lexemes: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Give the words whose inflections are asked for, with their languages: so that they are looked up together."""
    for lexeme in lexemes:
        if "~" not in lexeme.text or lexeme.exact:
            continue
        for piece in lexeme.text.split() if lexeme.kind is TokenKind.PHRASE else [lexeme.text]:
            if (asked := _FORMS.search(piece)) is not None and (word := _spelt(piece[: asked.start()])):
                yield word, asked[1] or "en"


def _spelt(word: str) -> str:
    """Give the part of a word that is inflected: its last one."""
    return re.split(r"[\s'\u2019/-]", word)[-1]


def _readings(parts: list[Node]) -> str:
    """Show the two ways in which a mixture could have been meant."""
    index = next(i for i, part in enumerate(parts) if isinstance(part, And))
    first, second = (parts[index], parts[index + 1]) if index + 1 < len(parts) else (parts[index], parts[index - 1])
    assert isinstance(first, And)
    *head, last = [format_clause(part) for part in (*first.parts, *first.without)]
    other = format_clause(second)
    said = f"write ({' AND '.join([*head, last])}) OR {other}, or {' AND '.join(head)} AND ({last} OR {other})"
    return said if len(said) < 160 else "write (a AND b) OR c, or a AND (b OR c)"

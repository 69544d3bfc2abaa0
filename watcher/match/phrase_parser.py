"""Parses the words and phrases of a query: wildcards, inflections and exact case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from watcher.errors import QueryError
from watcher.match.inflections import INFLECTED_LANGUAGES, get_inflections
from watcher.match.lexer import Token, TokenKind
from watcher.match.phrase import Inflections, Literal, Phrase, Prefix, Wildcard, WordPattern
from watcher.text.normalize import fold
from watcher.text.tokenizer import split_written_words, tokens

_INFLECTION_MARK = re.compile(r"~([a-z]{2,3})?$")
_IDEOGRAPH = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


def parse_phrase(words: Sequence[str], token: Token) -> Phrase:
    """Return words side by side as a phrase; raises QueryError at the token."""
    if token.exact:
        return _parse_exact(" ".join(words), token)
    parts = [part for word in words for part in _parse_word(word, token)]
    if not parts:
        raise _no_letters(token)
    return Phrase(tuple(parts))


def list_inflected_words(query_tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Yield the words whose inflections a query needs, with their languages: to be loaded together."""
    for token in query_tokens:
        if "~" not in token.text or token.exact:
            continue
        for word in token.text.split() if token.kind is TokenKind.PHRASE else [token.text]:
            mark = _INFLECTION_MARK.search(word)
            if mark is not None and (inflected := _last_part(word[: mark.start()])):
                yield inflected, mark[1] or "en"


def query_error(token: Token, message: str, suggestion: str = "") -> QueryError:
    """Return an error at the place of a token."""
    return QueryError(message, line=token.line, column=token.column, suggestion=suggestion)


def _parse_exact(text: str, token: Token) -> Phrase:
    exact = tuple(split_written_words(text))
    if not exact:
        raise _no_letters(token)
    if any(mark in text for mark in "*?~"):
        raise query_error(token, "exact case (=) and wildcards do not go together")
    return Phrase(tuple(Literal(word) for word in tokens(text)), exact)


def _parse_word(word: str, token: Token) -> list[WordPattern]:
    if (mark := _INFLECTION_MARK.search(word)) is not None:
        return _parse_inflected(word[: mark.start()], mark[1] or "en", token)
    if "*" not in word and "?" not in word:
        return [Literal(part) for part in tokens(word)]
    # A question mark at the end of a quoted word ends a question.
    if word.endswith("?") and "*" not in word and word.count("?") == 1 and token.kind is TokenKind.PHRASE:
        return [Literal(part) for part in tokens(word)]
    *before, last = re.split(r"[-/\u2010-\u2015]", word)
    parts: list[WordPattern] = [Literal(part) for part in tokens(" ".join(before))]
    return [*parts, *_parse_wildcard(last, token)]


def _parse_wildcard(word: str, token: Token) -> list[WordPattern]:
    letters = re.sub(r"[*?]", "", word)
    if _IDEOGRAPH.search(letters):
        if word.rstrip("*") == letters:
            return [Literal(part) for part in tokens(letters)]  # each character is a word: anything may follow
        raise query_error(token, f"{word!r}: wildcards do not go inside a script without spaces")
    needed = 2 if _HANGUL.search(letters) else 3
    if len(letters) < needed:
        raise query_error(
            token, f"{word!r} is too short: wildcards need {needed} letters", "write the words out with OR"
        )
    if word.rstrip("*") == letters:
        *whole, last = tokens(letters) or [""]
        if not last:
            raise _no_letters(token, word)
        return [*(Literal(part) for part in whole), Prefix(last)]
    if word[0] in "*?":
        raise query_error(token, f"{word!r}: a word cannot begin with a wildcard", "write pre* or w?ld")
    folded = "".join(part if part in {"*", "?"} else fold(part) for part in re.split(r"([*?])", word) if part)
    return [Wildcard(re.sub(r"\*+", "*", folded))]


def _parse_inflected(word: str, language: str, token: Token) -> list[WordPattern]:
    *whole, last = tokens(word) or [""]
    if not last:
        raise query_error(token, "~ needs a word before it", "write share~ for share, shares, shared, sharing")
    if language not in INFLECTED_LANGUAGES:
        raise query_error(token, f"no inflections for language {language!r}", "known are en, de, fr, ru, uk, ...")
    parts: list[WordPattern] = [Literal(part) for part in whole]
    forms = get_inflections(_last_part(word), language) | {last}
    return [*parts, Inflections(last, language, forms) if len(forms) > 1 else Literal(last)]


def _last_part(word: str) -> str:
    """Return the part of a word that is inflected."""
    return re.split(r"[\s'\u2019/-]", word)[-1]


def _no_letters(token: Token, word: str | None = None) -> QueryError:
    text = token.text if word is None else word
    return query_error(token, f"{text!r} has no letters or digits to look for")

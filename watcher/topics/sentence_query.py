"""A query from a sentence that says what to watch, for where nothing is read for its meaning. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import QueryError
from watcher.match import parse_query
from watcher.match.inflections import get_inflections, load_inflections
from watcher.text.stopwords import STOPWORDS, guess_language
from watcher.text.tokenizer import tokens

MAX_WORDS = 12
MIN_LETTERS = 3
MANY_WORDS = 7
"""Of so many words three must occur."""
_INFLECTED = frozenset({"en", "de", "fr", "es", "it", "nl"})
"""Languages whose tables of inflections are loaded within a moment."""
_COMMON = frozenset(
    {"state", "states", "country", "countries", "another", "someone", "something", "people", "new", "news"}
)
"""Words that stand in every report: one of them and a single other word prove nothing."""


def draft_query(sentence: str) -> str:
    """Return a query of the distinctive words of a sentence: two of them must occur; of many words, three.

    Raises QueryError where no word is distinctive.
    """
    # One distinctive word is looked for alone, two together; of more a report rarely has all.
    folded = list(dict.fromkeys(tokens(sentence)))
    language = guess_language(folded) or "en"
    words = [word for word in folded if word not in STOPWORDS | _COMMON and _is_distinctive(word)][:MAX_WORDS]
    if not words:
        raise QueryError("this sentence has no word to look for: write a longer one")
    if language in _INFLECTED:
        load_inflections([(word, language) for word in words])
    clauses = [_format_word(word, language) for word in words]
    if len(clauses) < 3:
        return " AND ".join(clauses)
    needed = 2 if len(clauses) < MANY_WORDS else 3
    return f"ATLEAST/{needed} ({' OR '.join(clauses)})"


def format_words(words: Sequence[str]) -> str:
    """Return a query that any of some words or phrases matches. Raises QueryError for what cannot be read."""
    clauses = [text if _is_clause(text) else _quote(text) for word in words if (text := " ".join(word.split()))]
    query = " OR ".join(clauses)
    parse_query(query)
    return query


def _is_distinctive(word: str) -> bool:
    # A script without spaces says much in two characters.
    return len(word) >= MIN_LETTERS or not word.isascii()


def _is_clause(text: str) -> bool:
    """Return whether a text was written in the topic language: `=FVEY`, `ally~`, `cyber*`, `"a phrase"`."""
    if not any(sign in text for sign in '"~*=()'):
        return False
    try:
        parse_query(text)
    except QueryError:
        return False
    return True


def _quote(text: str) -> str:
    return '"' + text.replace('"', " ").strip() + '"'


def _format_word(word: str, language: str) -> str:
    if language not in _INFLECTED or not word.isalpha() or len(get_inflections(word, language)) == 1:
        return _quote(word)
    return f"{word}~" if language == "en" else f"{word}~{language}"

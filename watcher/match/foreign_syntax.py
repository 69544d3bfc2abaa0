"""Marks of other tools' query languages, which would be read as words here: refused, with what to write instead."""

from __future__ import annotations

import re

from watcher.errors import QueryError

# Google Alerts, Inoreader, FreshRSS and TrendRadar exclude with - or !; typographic programs turn - into a dash.
_EXCLUDES = re.compile(r"([-!\u2010-\u2013\u2212]+)(?=[^\s)!-])")
_OTHERWISE = re.compile(r"([|&]+)(?=[^\s)|&])")
_BETWEEN = re.compile(r"([^\s()\"|]+)\|+([^\s()\"|]+)")
# Lucene's fuzzy words and weights: walrus~1, walrus~0.8, walrus^4.
_FUZZY = re.compile(r"([^\s()\"~]+)~(\d[\d.]*)(?![^\s()])")
_WEIGHT = re.compile(r"([^\s()\"^]+)\^(\d[\d.]*)(?![^\s()])")
_SIMILAR = re.compile(r"~(\w+)")
_OPERAND = re.compile(r"[A-Za-z]*:?(?:\"[^\"]*\"?|\([^()]*\)?|[^\s()]+)")


def begins_with_foreign_mark(word: str) -> bool:
    """Return whether a keyword begins with a mark by which other tools exclude it."""
    return _EXCLUDES.match(word) is not None


def refuse_foreign_mark(text: str, at: int, line: int, column: int) -> None:
    """Raise QueryError where a word of a query begins or ends with a mark that has no meaning here."""
    fault = _find_fault(text, at)
    if fault is not None:
        message, suggestion = fault
        raise QueryError(message, line=line, column=column, suggestion=suggestion)


def _find_fault(text: str, at: int) -> tuple[str, str] | None:
    if (match := _EXCLUDES.match(text, at)) is not None:
        operand = _operand(text, match.end())
        return f"{match[1]} excludes nothing", f'write NOT {operand}, or "{match[1]}..." for the word itself'
    if (match := _OTHERWISE.match(text, at)) is not None:
        operator = "OR" if "|" in match[1] else "AND"
        return f"{match[1]} is no operator", f"write {operator} {_operand(text, match.end())}"
    if (match := _BETWEEN.match(text, at)) is not None:
        return "| is no operator", f"write ({match[1]} OR {match[2]})"
    if (match := _FUZZY.match(text, at)) is not None:
        return (
            f"~{match[2]}: there are no fuzzy words",
            f"write {match[1]}~ for its inflections, other spellings with OR",
        )
    if (match := _WEIGHT.match(text, at)) is not None:
        return f"^{match[2]}: words have no weights", f"write {match[1]}"
    if (match := _SIMILAR.match(text, at)) is not None:
        return "~ needs a word before it", f"write {match[1]}~ for its inflections"
    return None


def _operand(text: str, at: int) -> str:
    operand = _OPERAND.match(text, at)
    return " ".join(operand[0].split())[:60] if operand is not None else "..."

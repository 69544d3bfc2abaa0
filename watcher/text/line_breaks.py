"""Where a line of text is broken: at blanks, and anywhere in Chinese and Japanese, which have none (see UAX #14)."""

from __future__ import annotations

import unicodedata

_FIRST_WIDE = "\u1100"
"""Nothing before Hangul takes two columns."""
_NEVER_FIRST = frozenset("。，、．！？：；）」』】》〉”’…ー々")
"""What no line begins with."""


def find_line_break(line: str, width: int) -> tuple[int, int] | None:
    """Return where a line ends that is wider than `width` columns, and where the next begins; None where it fits.

    A longer word stays whole, unless it is of a script that is written without blanks.
    """
    is_narrow = line.isascii() or max(line) < _FIRST_WIDE
    if len(line) <= (width if is_narrow else width // 2):
        return None
    fitting = width if is_narrow else _count_fitting(line, width)
    if fitting >= len(line):
        return None
    # At a blank where there is one, in wide scripts one not too far to the left; else between two wide letters; else
    # after the word that is too long.
    if (blank := line.rfind(" ", 0, fitting + 1)) > 0 and (is_narrow or blank > fitting // 2):
        return blank, blank + 1
    if not is_narrow and (cut := _find_wide_break(line, fitting)) is not None:
        return cut, cut
    blank = blank if blank > 0 else line.find(" ", fitting)
    return (blank, blank + 1) if blank > 0 else None


def _count_fitting(line: str, width: int) -> int:
    """Return how many characters of a line fit into some columns."""
    columns = 0
    for number, letter in enumerate(line):
        columns += 2 if _is_wide(letter) else not unicodedata.combining(letter)
        if columns > width:
            return number
    return len(line)


def _find_wide_break(line: str, fitting: int) -> int | None:
    """Return the last place within the fitting characters that is between two letters, one of them wide."""
    for place in range(fitting, fitting // 2, -1):
        if line[place] not in _NEVER_FIRST and _is_wide(line[place - 1]) and (_is_wide(line[place])):
            return place
    return None


def _is_wide(letter: str) -> bool:
    return letter >= _FIRST_WIDE and unicodedata.east_asian_width(letter) in "WF"

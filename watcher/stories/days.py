"""Days of the week that a text names: reports of one event place it on one day."""

from __future__ import annotations

from functools import cache, lru_cache

from watcher.text.calendar_names import WEEKDAYS
from watcher.text.normalize import fold
from watcher.text.tokenizer import tokens

MIN_NAME_LETTERS = 5
"""Shorter names are abbreviations, and words of other languages."""
MAX_READ_CHARACTERS = 2_000
_AMBIGUOUS = {"segunda", "terca", "quarta", "quinta", "sexta", "marti"}


@lru_cache(maxsize=4096)
def find_weekdays(text: str) -> frozenset[int]:
    """Return the days of the week that a text names, Monday being 0."""
    days = _load_weekdays()
    return frozenset(
        days[stem]
        for word in tokens(text[:MAX_READ_CHARACTERS])
        if len(word) >= MIN_NAME_LETTERS
        for stem in (word, word[:-1], word[:-2])
        if stem in days
    )


@cache
def _load_weekdays() -> dict[str, int]:
    """Return the days by name, and by names without their last letter, which is what languages inflect."""
    # "seredu" is "sereda" with another ending; names in Latin letters that end otherwise hardly change.
    names = {fold(name): day for name, day in WEEKDAYS.items() if len(name) >= MIN_NAME_LETTERS}
    names = {name: day for name, day in names.items() if name not in _AMBIGUOUS}
    stems = {name[:-1]: day for name, day in names.items() if len(name) > MIN_NAME_LETTERS and not name.isascii()}
    stems |= {
        name[:-1]: day for name, day in names.items() if name.endswith(("a", "o")) and len(name) > MIN_NAME_LETTERS
    }
    return stems | names

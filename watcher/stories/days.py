"""Days of the week that a text names: reports of one event place it on one day."""

from __future__ import annotations

from functools import cache, lru_cache

from watcher.text.calendar_names import WEEKDAYS
from watcher.text.normalize import fold
from watcher.text.tokenizer import tokens

MIN_NAME_LETTERS = 5
"""Shorter names are abbreviations, and words of other languages."""
MAX_READ_CHARACTERS = 2_000
_AMBIGUOUS = {"segunda", "terca", "quarta", "quinta", "sexta", "marti", "senin", "неделя", "недела"}
"""Ordinals, and words of other languages: Turkish "yours", and "week" in Russian."""
_NO_STEMS = {"серед", "недел", "четве", "nedel"}
"""Ukrainian "among", and stems of a week and of numbers."""
_OTHER_WORDS = {"srodek", "четверо"}
"""Words that look like inflected names: "middle", "four of them"."""
_INFLECTED = (
    "poniedziałku pondělku pondělka ponedeljka ponedeljku ponedjeljka ponedjeljku pondelka pondelku понедељка "
    "понедељку понедељком понеділка понеділку панядзелка pirmadienį pirmadienio",
    "wtorku úterka utorka utorku torka torku уторка уторку вівторка вівторку аўторка antradienį antradienio",
    "środę środy środzie środą sredu srede sredo středu středy stredu stredy среду среды среде средой сряда середу "
    "сераду сриједу сриједе srijedu srijede trečiadienį trečiadienio",
    "czwartku čtvrtka čtvrtku štvrtka štvrtku četrtka četrtku četvrtka četvrtku четвртка четвртку четверга чацвярга "
    "ketvirtadienį ketvirtadienio",
    "piątku pátku piatku petka petku петка петку п'ятницю п'ятниці п'ятниця п'ятницею penktadienį penktadienio",
    "sobotę soboty sobotu суботу суботи šeštadienį šeštadienio",
    "niedzielę niedzieli неділю неділі neděli sekmadienį sekmadienio",
)
"""Forms by day, Monday first, whose stem changes or is too short to be cut off: "środę" is "środa"."""


@lru_cache(maxsize=4096)
def find_weekdays(text: str) -> frozenset[int]:
    """Return the days of the week that a text names, Monday being 0."""
    days = _load_weekdays()
    return frozenset(
        days[stem]
        for word in tokens(text[:MAX_READ_CHARACTERS])
        if len(word) >= MIN_NAME_LETTERS and word not in _OTHER_WORDS
        for stem in (word, word[:-1], word[:-2])
        if len(stem) >= MIN_NAME_LETTERS and stem in days
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
    inflected = {fold_word(word): day for day, words in enumerate(_INFLECTED) for word in words.split()}
    return {name: day for name, day in (stems | names | inflected).items() if name not in _NO_STEMS}


def fold_word(word: str) -> str:
    """Return a name as it is among the tokens of a text."""
    return tokens(word)[0]

"""States that a text names, in many languages: by their own names, their inflections, and a city or two.

`places.txt` (from the Unicode CLDR, by `tools/make_places.py`) has one state a line: its code, the stems of its names,
names of several stems, names in scripts without blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from watcher.stories.ordinary_words import CAPITALISED, CORRECTIONS, NO_STEMS, ORDINARY_WORD, UPPER_CASE, WHOLE_WORDS
from watcher.text.tokenizer import split_written_words, tokens

MAX_READ_CHARACTERS = 2_000
MIN_STEM = 4
"""Shorter names are compared as a whole."""
MAX_ENDING = 4
"""How many letters may follow a stem: "japan", "japanisch"."""
MAX_UNSPACED_NAME = 8
"""Characters of the longest name that is looked for in Han and Kana."""
_VOWELS = re.compile(r"[aeiouyаеиоуыэюяіїєαειουωάέίόύώήη]{1,2}$")
_PARTICLES = re.compile(r"^(?:وال|بال|فال|لل|ال|[وبلفك](?=\w{4})|[ובלמהש](?=\w{3}))")
_HAN = re.compile("[\u3041-\u30ff\u3400-\u9fff]{2,}")


@lru_cache(maxsize=4096)
def find_states(text: str) -> frozenset[str]:
    """Return the states (ISO 3166 codes) that a text names."""
    text = text[:MAX_READ_CHARACTERS]
    places = _load_places()
    states = {state for run in _HAN.findall(text) for state in _find_in_run(run, places)}
    words = _blank_ordinary(tokens(text), text)
    following = [stem_place(word) for word in words]
    for number, word in enumerate(words):
        if (
            following[number] in places.first_stems and (state := _find_phrase(following[number : number + 3], places))
        ) or (state := _find_state(word, places.stems)):
            states.add(state)
    return frozenset(states)


def _blank_ordinary(words: list[str], text: str) -> list[str]:
    """Return the words, a dash for those that are names only in capitals and are written otherwise."""
    if not any(word in UPPER_CASE or word in CAPITALISED for word in words):
        return words
    return [
        "-"
        if (word in UPPER_CASE and not written.isupper()) or (word in CAPITALISED and written[:1].islower())
        else word
        for word, written in zip(words, split_written_words(text), strict=True)
    ]


@lru_cache(maxsize=16_384)
def stem_place(word: str) -> str:
    """Return a folded word without its last vowels, by which languages inflect names."""
    stem = _VOWELS.sub("", word)
    return stem if len(stem) >= MIN_STEM else word


class _Places(NamedTuple):
    """States by the stems of their names, by phrases of two or three stems, and by names without blanks."""

    stems: dict[str, str]
    phrases: dict[str, str]
    first_stems: frozenset[str]
    unspaced: dict[str, str]


def _find_phrase(stems: list[str], places: _Places) -> str | None:
    return places.phrases.get(" ".join(stems)) or places.phrases.get(" ".join(stems[:2]))


def _find_state(word: str, stems: dict[str, str]) -> str | None:
    if word.isascii() and ORDINARY_WORD.match(word):
        return None
    for variant in {word, _PARTICLES.sub("", word)}:
        for length in range(len(variant), max(MIN_STEM, len(variant) - MAX_ENDING) - 1, -1):
            stem = variant[:length]
            if (state := stems.get(stem)) and (length == len(variant) or stem not in WHOLE_WORDS):
                return state
    return stems.get(word)


def _find_in_run(run: str, places: _Places) -> Iterator[str]:
    for start in range(len(run)):
        for end in range(start + 2, min(len(run), start + MAX_UNSPACED_NAME) + 1):
            if state := places.unspaced.get(run[start:end]):
                yield state


@cache
def _load_places() -> _Places:
    stems: dict[str, str] = {}
    phrases: dict[str, str] = {}
    unspaced: dict[str, str] = {}
    for line in files("watcher.stories").joinpath("places.txt").read_text(encoding="utf-8").splitlines():
        state, *columns = line.split("\t")
        for table, names in zip((stems, phrases, unspaced), columns, strict=True):
            table.update(dict.fromkeys(names.split("|"), state))
    stems = {stem: state for stem, state in stems.items() if stem not in NO_STEMS} | CORRECTIONS
    return _Places(stems, phrases, frozenset(phrase.partition(" ")[0] for phrase in phrases), unspaced)

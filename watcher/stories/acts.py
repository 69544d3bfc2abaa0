"""What a headline says that happened, by its words (an arrest, a verdict), and from which side it is reported."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from watcher.stories.act_words import ACT_STEMS, SIDE_STEMS
from watcher.text.normalize import fold
from watcher.text.tokenizer import tokens

_HAN = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class HeadlineActs(NamedTuple):
    """The kinds of act that a headline names, and the sides it takes (`act_words`)."""

    acts: frozenset[str]
    sides: frozenset[str]


@lru_cache(maxsize=4096)
def find_acts(title: str) -> HeadlineActs:
    """Return the acts and sides of a headline, in any of the languages of `act_words`."""
    pattern = _compile_stems()
    text = f" {' '.join(tokens(title))} "
    compact = text.replace(" ", "")
    kinds = {match.lastgroup or "" for match in pattern.finditer(text)}
    kinds |= {kind for stem, kind in _list_unspaced_stems() if stem in compact}
    return HeadlineActs(frozenset(kinds & ACT_STEMS.keys()), frozenset(kinds & SIDE_STEMS.keys()))


@cache
def _compile_stems() -> re.Pattern[str]:
    groups = []
    for kind, stems in (SIDE_STEMS | ACT_STEMS).items():
        words = [_to_pattern(stem) for stem in stems.split() if not _HAN.search(stem)]
        groups.append(f"(?P<{kind}>{'|'.join(words)})")
    return re.compile(f"(?<= )(?:{'|'.join(groups)})")


def _to_pattern(stem: str) -> str:
    words = [fold(word) for word in stem.strip("$_").split("_")]
    return re.escape(" ".join(words)) + ("(?= )" if stem[-1] in "$_" else "")


@cache
def _list_unspaced_stems() -> tuple[tuple[str, str], ...]:
    tables = (SIDE_STEMS | ACT_STEMS).items()
    return tuple((stem, kind) for kind, stems in tables for stem in stems.split() if _HAN.search(stem))

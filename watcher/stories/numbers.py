"""Numbers in a text, in the digits and scale words of many languages: "5 tys.", "10万", "٢٨", "7,4", "32nd"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from watcher.stories.number_words import ORDINAL_WORDS, SCALE_WORDS
from watcher.text.tokenizer import split_written_words, tokens

MAX_READ_CHARACTERS = 2_000
MAX_NUMBERS = 40
_YEARS = range(1900, 2101)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written; `key` is the same for other spellings: "p50" percent, "o3" ordinals, "5000" others."""

    text: str
    key: str


_SCALE_OF = {word: factor for factor, words in SCALE_WORDS.items() for word in words.split()}
_HAN_SCALES = "千万萬億亿천만억"
_PERCENT = re.compile(
    r"\s?(?:[%٪％]|percent\b|per cent\b|pct\b|prozent|por ?cient|por ?cent|per ?cento|pour ?cent|"
    r"procent|процент|відсот|százal|posto|yüzde|τοις εκατό|بالمئة|درصد|אחוז)",
    re.IGNORECASE,
)
_ORDINAL_SUFFIX = re.compile(
    r"(?:(?:st|nd|rd|th|e|er|ère|ème|º|ª|°|-(?:й|я|е|го|му|м|ма|та|ти|то|ий|ій|ої|им|ci|cı|cu|cü|nci|ncı|ncu|ncü|თვის|ე|"
    r"a|eme|lea|es|as)|[^\W\d]?-?(?:inci|ıncı|uncu|üncü))(?!\w)|\.(?=\s+[^\W\d_A-Z]))"
)
_NUMBER = re.compile(r"(?<![\w.,])(?:[$€£¥₹])?(\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,:]\d+)?)")
_NEXT_WORD = re.compile(r"[\s\u00a0\u202f-]{0,2}([^\W\d_]+)")
_ORDINAL_OF = {
    folded: value
    for value, words in ORDINAL_WORDS.items()
    for word in words.split()
    for folded in tokens(word)
    if len(folded) > 2
}
_DIGITS = re.compile(r"[^\x00-\x7f]")


@lru_cache(maxsize=4096)
def extract_numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text in order, each once; years are left out: a report's year is no fact of its own."""
    plain = _DIGITS.sub(lambda match: _to_ascii_digit(match.group()), text[:MAX_READ_CHARACTERS])
    numbers: dict[str, Number] = {}
    for match in _NUMBER.finditer(plain):
        number = _read_number(plain, match)
        if number is not None:
            numbers.setdefault(number.key, number)
    words = tokens(plain)
    if not _ORDINAL_OF.keys().isdisjoint(words):
        # As they are written: capitals and accents are folded only to find them ("İKİNCİ", "TROISIEME").
        for word, written in zip(words, split_written_words(plain), strict=True):
            if word in _ORDINAL_OF:
                key = f"o{_ORDINAL_OF[word]}"
                numbers.setdefault(key, Number(written, key))
    return tuple(numbers.values())[:MAX_NUMBERS]


def _to_ascii_digit(character: str) -> str:
    return str(unicodedata.digit(character)) if unicodedata.category(character) == "Nd" else character


def _read_number(text: str, match: re.Match[str]) -> Number | None:
    raw = match.group(1)
    value = _parse_value(raw)
    if value is None:
        return None
    # What follows decides: a percent sign, the ending of an ordinal, a word for thousands or millions, or none of them.
    rest = text[match.end() : match.end() + 24]
    if percent := _PERCENT.match(rest):
        return Number(match.group() + percent.group(), f"p{value:g}")
    if suffix := _ORDINAL_SUFFIX.match(rest):
        return Number(match.group() + suffix.group(), f"o{value:g}") if value < 1000 else None
    word = _NEXT_WORD.match(rest)
    factor = _find_scale(word.group(1)) if word else None
    if factor is None or word is None:
        is_year = raw.isdigit() and value in _YEARS
        return None if is_year else Number(match.group(), _format_value(value))
    return Number((match.group() + word.group()).strip(), _format_value(value * factor))


def _format_value(value: float) -> str:
    return f"{value:g}" if value < 1e6 else f"{value:.3g}"


def _find_scale(word: str) -> float | None:
    factor = _SCALE_OF.get(word.lower())
    return _SCALE_OF[word[0]] if factor is None and word[0] in _HAN_SCALES else factor


def _parse_value(raw: str) -> float | None:
    """Return the value of digits with separators: groups of three are thousands, another comma or dot is decimal."""
    if ":" in raw:
        return None  # a time, or a result
    if re.fullmatch(r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+", raw):
        return float(re.sub(r"\D", "", raw))
    return float(raw.replace(",", "."))

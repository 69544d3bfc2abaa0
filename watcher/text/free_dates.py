"""Dates as people and programs write them in many languages, where the usual forms of feeds do not fit.

First the time and the zone after it are taken out, then the date is read from what is left. Words that are neither
month, weekday, zone nor one of the small words of dates are allowed in front alone ("Updated: ..."); a date that has
any other unknown word is not read.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import NamedTuple

from watcher.text.calendar_names import MONTHS, MONTHS_BY_LANGUAGE, WEEKDAYS
from watcher.text.timezones import NAMES, combine_utc

_WORDS_OF_DATES = (
    "de del da di do dos d l le la el a al as às alle um u v o ob of the den der am kl klo kello ore ora h hs hr "
    "hrs uhr uur hod в у о г год года р рік року ч часа гада gada m och et y i e и і at on om saat pukul jam t "
    "ngay luc nam thang thg στισ και à las los"
)
_SMALL_WORDS = frozenset(_WORDS_OF_DATES.split())
_MORNING = {"am", "a", "上午", "凌晨", "早上", "早晨", "清晨", "午前", "오전", "πμ", "ص"}
_AFTERNOON = {"pm", "p", "下午", "中午", "晚上", "午後", "오후", "μμ", "م"}
_BEFORE = "上午|凌晨|早上|早晨|清晨|午前|오전|下午|中午|晚上|午後|오후"
_AFTER = r"[ap]\.?\s?m\b\.?|(?<=\d)[ap](?![^\W\d_])|[πμ]\.?\s?μ\b\.?|[صم](?![^\W\d_])"
_TIMES = (
    re.compile(
        rf"(?:({_BEFORE})\s*)?(?<![\d.])(\d{{1,2}})\s?[:h]\s?(\d{{2}})(?:\s?[:m]\s?(\d{{1,2}})(?:[.,:]\d+)?s?|min)?(?!\d)"
        rf"\s*({_AFTER})?"
    ),
    re.compile(rf"(?:({_BEFORE})\s*)?(\d{{1,2}})\s*[時时点點시]\s*(?:(\d{{1,2}})\s*[分분])?\s*(?:(\d{{1,2}})\s*[秒초])?()"),
    re.compile(rf"()(?<![\d./-])(\d{{1,2}})()()\s*({_AFTER})"),
    # 14.30 in Finland, Denmark and Italy: only behind a word for it, or behind the year.
    re.compile(r"()(?:\b(?:kl|klo|kello|ore|alle|um|o|ob)\b\.?|\b\d{4}(?:-\d\d-\d\d)?\b,?)\s*(?<!\d)(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])()"),
    re.compile(r"()(?<![\d.])(\d{1,2})\s?h\b()()()"),
)  # fmt: skip
_OFFSET = re.compile(
    r"\s*,?\s*((?:gmt|utc|ut|z)\s*[+\-\u2212]\s*\d{1,2}(?::?\d{2})?|[+\-\u2212]\d{1,2}(?::?\d{2})?)(?![\d./-])"
)
_ZONE_NAME = re.compile(r"\s*,?\s*([a-z]{1,5})\b\.?(?![^\W\d_])")
_REGION = re.compile(r"\b(Etc/GMT[+-]\d{1,2}|[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?)\b")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\bm=[+-][\d.]+")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)")
_EAST_ASIAN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일號号]?")
_VIETNAMESE = re.compile(r"(\d{1,2})\s*(?:thang|thg)\.?\s*(\d{1,2}),?\s*(?:nam\s*)?(\d{4})")
_DAY_OF_YEAR = re.compile(r"(\d{4})-(\d{3})\b(?!-)")
_WEEK = re.compile(r"(\d{4})-?w(\d{2})-?([1-7])\b")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|ere|o|a|°|-an|-en|-je|-го|-е)(?![^\W\d_])\.?")
_TOKEN = re.compile(r"\d+|\x00|[^\W\d_](?:[^\s\d,/():;\-–—]*[^\s\d,/():;.\-–—])?")
_DATE_ALONE = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}(?=\s*[+-]\d|\s*[a-z]|$)")
_NOT_LETTERS = re.compile(r"[.'’\"]")
_PREFIXES = "dב"
"""d'abril, and "in" written together with the month in Hebrew."""
_MONTH_NAMES = MONTHS.keys() | MONTHS_BY_LANGUAGE.keys()
_TIME_MARK = "\x00"
_CLOCK_WORDS = frozenset({"uhr", "uur", "h", "hs", "hr", "hrs", "hod"})
_THAI = re.compile("[\u0e00-\u0e7f]")

_DAY_FIRST_LANGUAGES = (
    "de fr es it pt ca gl eu nl da nb no nn is fi et lv pl cs sk ro sl hr bs sr mk bg ru uk be el tr az sq ga cy "
    "mt he ar hi bn mr ta te th id ms vi sw hy ka"
)
_DAY_FIRST = frozenset(_DAY_FIRST_LANGUAGES.split())
_MONTH_FIRST = frozenset({"en-US", "en-PH", "fil", "tl"})
_DAY_FIRST_REGIONS = "GB IE AU NZ IN ZA SG MY HK PK NG KE GH MT CY UG TZ ZW BD LK JM TT"
_DAY_FIRST_ENGLISH = frozenset(_DAY_FIRST_REGIONS.split())


class _Clock(NamedTuple):
    hour: int = 0
    minute: int = 0
    second: int = 0


def parse_free_date(raw: str, language: str | None = None) -> datetime | None:
    """Parse a date in any of many languages to UTC; None where it cannot be read, or can be read two ways."""
    region = _REGION.search(raw)
    text = _fold(raw.replace(region[0], " ") if region else raw)
    text = _ASIDE.sub(" ", text)
    if not any(character.isdigit() for character in text):
        return None
    try:
        clock, zone, rest = _take_time(text)
        day = _find_day(rest, language)
        if day is None:
            return None
        zone = zone or (region[0] if region else None)
        return combine_utc(day.year, day.month, day.day, *clock, zone, language)
    except (ValueError, OverflowError, KeyError, OSError):  # the last two: a place that the tz database does not know
        return None


def _fold(text: str) -> str:
    """Return a text in lower case without accents; the vowel signs of Indic scripts are no accents."""
    if text.isascii():
        return text.lower()
    marks = unicodedata.normalize("NFKD", text.replace("İ", "i").casefold())
    letters = [character for character in marks if unicodedata.combining(character) in (0, 9)]
    return unicodedata.normalize("NFC", "".join(letters)).replace("ı", "i")


def _take_time(text: str) -> tuple[_Clock, str | None, str]:
    """Return the time in a text (midnight for none), its zone, and the rest with a mark where the time stood."""
    for pattern in _TIMES:
        if (match := pattern.search(text)) is not None:
            break
    else:
        zone, rest = _take_zone(text[end.end() :]) if (end := _DATE_ALONE.match(text)) is not None else (None, "")
        return _Clock(), zone, text if end is None else f"{end[0]} {rest}"
    before, hour, minute, second, after = match.groups()
    clock = _Clock(_hour_of_day(int(hour), (before or after or "").replace(".", "").replace(" ", "")))
    clock = clock._replace(minute=int(minute or 0), second=int(second or 0))
    # The year that shows 14.30 to be a time stays with the date.
    start = match.start() if match.re is not _TIMES[3] else match.start(2)
    zone, rest = _take_zone(text[match.end() :])
    return clock, zone, f"{text[:start]} {_TIME_MARK} {rest}"


def _hour_of_day(hour: int, half: str) -> int:
    if half in _AFTERNOON:
        return hour + 12 if hour < 12 else hour
    if half in _MORNING:
        if hour > 12:
            raise ValueError("an hour of the afternoon before noon")
        return hour % 12
    return hour


def _take_zone(text: str) -> tuple[str | None, str]:
    """Return the zone that a text begins with, and what follows; an offset counts more than a name beside it."""
    offset: str | None = None
    name: str | None = None
    while True:
        if offset is None and (match := _OFFSET.match(text)) is not None:
            offset = match[1].replace(" ", "")
        elif (match := _ZONE_NAME.match(text)) is not None and match[1] in NAMES and name is None:
            name = match[1]
        elif match is None or match[1] not in _CLOCK_WORDS:
            return offset or name, text
        text = text[match.end() :]


def _find_day(text: str, language: str | None) -> date | None:
    if (match := _EAST_ASIAN.search(text)) is not None:
        return date(int(match[1]), int(match[2]), int(match[3]))
    if (match := _VIETNAMESE.search(text)) is not None:
        return date(int(match[3]), int(match[2]), int(match[1]))
    if (match := _DAY_OF_YEAR.search(text)) is not None:
        return date.fromordinal(date(int(match[1]), 1, 1).toordinal() + int(match[2]) - 1)
    if (match := _WEEK.search(text)) is not None:
        return date.fromisocalendar(int(match[1]), int(match[2]), int(match[3]))
    numeric = _NUMERIC.search(text)
    rest = f"{text[: numeric.start()]} {_TIME_MARK} {text[numeric.end() :]}" if numeric is not None else text
    words = _sort_words(_ORDINAL.sub(" ", rest))
    if words is None:
        return None
    if numeric is not None:
        return _numeric_day(numeric, words, language) if not words.numbers and not words.months else None
    return _named_day(words, language)


class _WordsOfDate(NamedTuple):
    numbers: list[str]
    months: list[str]
    weekday: int | None


def _sort_words(text: str) -> _WordsOfDate | None:
    """Return the numbers, months and the weekday of a date; None where it has a word that is no part of a date."""
    numbers: list[str] = []
    months: list[str] = []
    weekdays: list[str] = []
    has_begun = False
    words = [_NOT_LETTERS.sub("", word) or word for word in _TOKEN.findall(text)]
    while words:
        word = words.pop(0)
        if word == _TIME_MARK or word[0].isdigit():
            has_begun = True
            numbers += [word] if word != _TIME_MARK else []
            continue
        name = _month_name(word, words)
        if name is None and word in _SMALL_WORDS:
            continue
        if word in WEEKDAYS:
            weekdays.append(word)
        if name is not None:
            months.append(name)
        elif word not in WEEKDAYS and has_begun:
            # "Updated: 3 May" is a date, "3 May strike ends" is none.
            return None
    return _WordsOfDate(numbers, *_part_months_from_weekdays(months, weekdays))


def _part_months_from_weekdays(months: list[str], weekdays: list[str]) -> tuple[list[str], int | None]:
    """Return the months and the weekday: "mar." is Tuesday in French, Spanish and Italian, and March."""
    if len(months) > 1:
        both = next((name for name in months if name in WEEKDAYS), None)
        if both is not None:
            months = [name for place, name in enumerate(months) if place != months.index(both)]
    elif weekdays == months:
        return months, None
    return months, next((WEEKDAYS[name] for name in weekdays if name not in months), None)


def _month_name(word: str, following: list[str]) -> str | None:
    """Return the month that a word names, alone or, in Arabic and Irish, with the next one, which is taken."""
    if word in _MONTH_NAMES:
        return word
    if following and word + following[0] in _MONTH_NAMES:
        return word + following.pop(0)
    return word[1:] if word[0] in _PREFIXES and word[1:] in _MONTH_NAMES else None


def _named_day(words: _WordsOfDate, language: str | None) -> date | None:
    if len(words.months) != 1 or len(words.numbers) != 2:
        return None
    day_digits, year_digits = words.numbers
    if len(day_digits) == 4:
        day_digits, year_digits = year_digits, day_digits
    if len(day_digits) > 2 or len(year_digits) not in (2, 4):
        return None
    name, year, day = words.months[0], _whole_year(year_digits), int(day_digits)
    if year > 2400 and _THAI.search(name) is not None:  # the Buddhist era
        year -= 543
    if name in MONTHS:
        return date(year, MONTHS[name], day)
    meanings = MONTHS_BY_LANGUAGE[name]
    known = meanings.get((language or "").split("-")[0])
    if known is not None:
        return date(year, known, day)
    possible = [date(year, month, day) for month in set(meanings.values())]
    fitting = [moment for moment in possible if moment.weekday() == words.weekday]
    return fitting[0] if len(fitting) == 1 else None


def _numeric_day(match: re.Match[str], words: _WordsOfDate, language: str | None) -> date | None:
    """Return the day of three numbers; None where they can be read as two days and nothing decides."""
    first, _separator, _second, third = match.groups()
    if len(first) > 2:
        return _year_first_day(match)
    if len(third) not in (2, 4):
        return None
    days = _possible_days(match)
    if words.weekday is not None and any(day.weekday() == words.weekday for day in days.values()):
        days = {order: day for order, day in days.items() if day.weekday() == words.weekday}
    if len(set(days.values())) == 1:
        return next(iter(days.values()))
    # 02-03-04 may be any of three days: no language decides.
    return days.get(_usual_order(language)) if "year" not in days else None


def _year_first_day(match: re.Match[str]) -> date | None:
    year, _separator, month, day = match.groups()
    return date(int(year), int(month), int(day)) if len(year) == 4 and len(day) <= 2 else None


def _possible_days(match: re.Match[str]) -> dict[str, date]:
    """Return the days that three numbers can be, by what stands first: `day`, `month` or `year`."""
    first, separator, second, third = match.groups()
    year = _whole_year(third)
    orders = {"day": (year, int(second), int(first))}
    if separator != ".":  # no country writes the month first with dots
        orders["month"] = (year, int(first), int(second))
    if separator == "-" and len(third) == len(first) == 2:
        orders["year"] = (_whole_year(first), int(second), int(third))
    return {order: day for order, parts in orders.items() if (day := _day_or_none(*parts)) is not None}


def _usual_order(language: str | None) -> str:
    """Return which number stands first where a language is written: `day`, `month`, or nothing that is sure."""
    if not language:
        return ""
    base, _, region = language.partition("-")
    if language in _MONTH_FIRST or base in _MONTH_FIRST:
        return "month"
    if base in _DAY_FIRST and region not in ("US", "PR"):
        return "day"
    return "day" if base == "en" and region in _DAY_FIRST_ENGLISH else ""


def _whole_year(digits: str) -> int:
    return int(digits) if len(digits) > 2 else int(digits) + (2000 if int(digits) < 70 else 1900)


def _day_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

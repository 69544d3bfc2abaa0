"""Types of single values as people write them: lengths of time, lists in one line, times of day, networks."""

from __future__ import annotations

import ipaddress
import re
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from watcher.text.written_values import FOREVER, shorten_text, split_list

MAX_SENTENCE_CHARACTERS = 10_000
"""Of a sentence or example of a topic; much shorter ones are noted by `check`."""
MAX_SENTENCES = 500
"""Of one list of a topic."""
MAX_DAILY_PROPOSALS = 1_000


def format_duration(value: timedelta) -> str:
    """Format a duration as `parse_duration` reads it."""
    if value >= FOREVER:
        return "forever"
    seconds = round(value.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_time_of_day(value: Any) -> time:
    """Parse a time of day as `07:30`. Raises ValueError."""
    if isinstance(value, time):
        return value
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a time of day: write 07:30")
    return time(int(match[1]), int(match[2]))


def parse_network(value: Any) -> str:
    """Parse an address or a network in CIDR notation. Raises ValueError."""
    try:
        return str(ipaddress.ip_network(str(value).strip(), strict=False))
    except ValueError as error:
        raise ValueError(f"{value!r} is not a network: write 10.0.0.0/8 or 192.0.2.7") from error


def parse_size(value: Any) -> int:
    """Parse a number of bytes as `16MB`, `512kB` or `1000`. Raises ValueError."""
    match = re.fullmatch(r"(?i)(\d{1,12})\s*(|b|kb|k|mb|m|gb|g)", str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a size: write 16MB or 512kB")
    return int(match[1]) * {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[match[2].lower()[:1]]


def wrap_sentence(value: Any) -> Any:
    """Return a list of sentences as it is, one sentence as a list of its own. A comma belongs to its sentence."""
    return [value] if isinstance(value, str) else value


def parse_sentence(value: Any) -> str:
    """Return a sentence with its white space evened. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("expected a sentence: put it in quotes where it contains `: ` or begins with a mark")
    text = " ".join(value.split())
    if not text:
        raise ValueError("is empty: write a sentence or remove the line")
    if len(text) > MAX_SENTENCE_CHARACTERS:
        raise ValueError(f"is {len(text):,} characters long: at most {MAX_SENTENCE_CHARACTERS:,} are read")
    return text


def parse_daily_budget(value: Any) -> int | None:
    """Parse how many a day: `5 a day`, `5`, or `none`. Raises ValueError."""
    if value is None or isinstance(value, int):
        return value
    text = " ".join(str(value).lower().split())
    if text in ("none", "off", "no"):
        return None
    match = re.fullmatch(r"(\d{1,6})( ?a day| ?/ ?day| per day)?", text)
    if match is None:
        raise ValueError(f"{shorten_text(str(value))!r} is no budget: write `5 a day` or `none`")
    if not 1 <= int(match[1]) <= MAX_DAILY_PROPOSALS:
        raise ValueError(f"{int(match[1]):,} a day is out of range: from 1 to {MAX_DAILY_PROPOSALS:,}, or `none`")
    return int(match[1])


def parse_verify(value: Any) -> bool | str:
    """Parse whether certificates are checked: yes, no, or the path of a file with authorities. Raises ValueError."""
    text = str(value).strip()
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    if not text:
        raise ValueError("must not be empty: write `false` or the path of a file")
    return text


TimeOfDay = Annotated[time, BeforeValidator(parse_time_of_day)]
Network = Annotated[str, BeforeValidator(parse_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(split_list)]
Size = Annotated[int, BeforeValidator(parse_size)]
Verify = Annotated[bool | str, BeforeValidator(parse_verify)]
Sentence = Annotated[str, BeforeValidator(parse_sentence)]
Sentences = Annotated[tuple[Sentence, ...], Field(max_length=MAX_SENTENCES), BeforeValidator(wrap_sentence)]
DailyBudget = Annotated[int | None, BeforeValidator(parse_daily_budget)]

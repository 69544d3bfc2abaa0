"""Types of single values as people write them: lengths of time, lists in one line, times of day, networks."""

from __future__ import annotations

import ipaddress
import re
from datetime import time, timedelta
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator

from watcher.text.written_values import FOREVER, HttpUrl, Length, Strings
from watcher.text.written_values import parse_duration as read_length
from watcher.text.written_values import parse_http_url as read_http_url
from watcher.text.written_values import shorten_text as shorten
from watcher.text.written_values import split_list as read_strings

__all__ = [
    "FOREVER", "HttpUrl", "Length", "Network", "Networks", "Size", "Strings", "TimeOfDay", "Verify", "did_you_mean",
    "read_http_url", "read_length", "read_network", "read_size", "read_strings", "read_time", "read_verify", "shorten",
    "write_length",
]  # fmt: skip


def write_length(value: timedelta) -> str:
    """Write a length of time as it is read."""
    if value >= FOREVER:
        return "forever"
    seconds = round(value.total_seconds())
    said = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count}{unit}")
    return "".join(said) or "0s"


def read_time(value: Any) -> time:
    """Read a time of day as `07:30`. Raises ValueError."""
    if isinstance(value, time):
        return value
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is no time of day: write 07:30")
    return time(int(found[1]), int(found[2]))


def read_network(value: Any) -> str:
    """Read an address or a network in CIDR notation. Raises ValueError."""
    try:
        return str(ipaddress.ip_network(str(value).strip(), strict=False))
    except ValueError as error:
        raise ValueError(f"{value!r} is no network: write 10.0.0.0/8 or 192.0.2.7") from error


def read_size(value: Any) -> int:
    """Read a number of bytes as `16MB`, `512kB` or `1000`. Raises ValueError."""
    found = re.fullmatch(r"(?i)(\d{1,12})\s*(|b|kb|k|mb|m|gb|g)", str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is no size: write 16MB or 512kB")
    return int(found[1]) * {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[found[2].lower()[:1]]


def read_verify(value: Any) -> bool | str:
    """Read whether certificates are checked: yes, no, or the path of a file with authorities. Raises ValueError."""
    text = str(value).strip()
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    if not text:
        raise ValueError("may not be empty: write `false` or the path of a file")
    return text


def did_you_mean(word: str, known: Any) -> str:
    """Suggest the nearest known word as the end of a sentence, or nothing."""
    near = get_close_matches(word, [str(each) for each in known], 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


TimeOfDay = Annotated[time, BeforeValidator(read_time)]
Network = Annotated[str, BeforeValidator(read_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(read_strings)]
Size = Annotated[int, BeforeValidator(read_size)]
Verify = Annotated[bool | str, BeforeValidator(read_verify)]

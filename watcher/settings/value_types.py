"""Types of single values as people write them: lengths of time, lists in one line, times of day, networks."""

from __future__ import annotations

import ipaddress
import re
from datetime import time, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from watcher.text.redact import redact_url

_LENGTH = re.compile(r"(?i)(?:(\d{1,6})\s*(w|d|h|min|m|s)\s*)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "min": "minutes", "m": "minutes", "s": "seconds"}
FOREVER = timedelta(days=36_500)


def parse_duration(value: Any) -> timedelta:
    """Parse `30m`, `6h`, `7d`, `1h30m` or `forever`. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text == "forever":
        return FOREVER
    parts = _LENGTH.findall(text)
    if not parts or _LENGTH.sub("", text).strip():
        raise ValueError(f"{text!r} is not a duration: write 30m, 6h or 7d")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


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


def read_strings(value: Any) -> Any:
    """Return a list; one line is split at its commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def read_time(value: Any) -> time:
    """Read a time of day as `07:30`. Raises ValueError."""
    if isinstance(value, time):
        return value
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is not a time of day: write 07:30")
    return time(int(found[1]), int(found[2]))


def read_network(value: Any) -> str:
    """Read an address or a network in CIDR notation. Raises ValueError."""
    try:
        return str(ipaddress.ip_network(str(value).strip(), strict=False))
    except ValueError as error:
        raise ValueError(f"{value!r} is not a network: write 10.0.0.0/8 or 192.0.2.7") from error


def read_size(value: Any) -> int:
    """Read a number of bytes as `16MB`, `512kB` or `1000`. Raises ValueError."""
    found = re.fullmatch(r"(?i)(\d{1,12})\s*(|b|kb|k|mb|m|gb|g)", str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is not a size: write 16MB or 512kB")
    return int(found[1]) * {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[found[2].lower()[:1]]


def read_http_url(value: Any) -> str:
    """Read an http(s) address. Raises ValueError."""
    text = str(value).strip()
    shown = shorten(redact_url(text))
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError as error:
        # The parser's own sentence repeats parts of the address, which may belong to a password.
        reason = "its port is not a number up to 65535" if "ort " in str(error) else "its host cannot be read"
        raise ValueError(f"{shown!r} is not an address: {reason}") from None
    if parts.scheme.lower() not in ("http", "https") or not named or re.search(r"\s", text):
        raise ValueError(f"{shown!r} is not an http(s) address")
    return text


def read_verify(value: Any) -> bool | str:
    """Read whether certificates are checked: yes, no, or the path of a file with authorities. Raises ValueError."""
    text = str(value).strip()
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    if not text:
        raise ValueError("must not be empty: write `false` or the path of a file")
    return text


def shorten(text: str, most: int = 60) -> str:
    """Return a text cut to `most` characters, for a message."""
    return text if len(text) <= most else text[: most - 1] + "…"


Length = Annotated[timedelta, BeforeValidator(parse_duration)]
Strings = Annotated[tuple[str, ...], BeforeValidator(read_strings)]
TimeOfDay = Annotated[time, BeforeValidator(read_time)]
Network = Annotated[str, BeforeValidator(read_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(read_strings)]
Size = Annotated[int, BeforeValidator(read_size)]
Verify = Annotated[bool | str, BeforeValidator(read_verify)]
HttpUrl = Annotated[str, BeforeValidator(read_http_url)]

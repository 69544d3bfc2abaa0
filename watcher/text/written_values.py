"""Values as people write them in configuration files: durations, lists on one line, names, addresses.

The parsers raise ValueError with a sentence for the person who wrote the value; it never repeats a secret.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, model_validator

from watcher.text.redact import redact_url

_DURATION = re.compile(r"(?i)(?:(\d{1,6})\s*(w|d|h|min|m|s)\s*)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "min": "minutes", "m": "minutes", "s": "seconds"}
FOREVER = timedelta(days=36_500)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""A name that can be part of an address and of a file name."""


def make_plain_name(text: str) -> str:
    """Return the ASCII letters and digits of a text, a hyphen for what stands between them, at most 48 characters."""
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text).split())[:48]


class Section(BaseModel):
    """A mapping in a configuration file: frozen, no unknown keys; a key without a value counts as absent."""

    # Built when something is validated: a configuration uses some of the models, and commands that read wait for it.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            return written
        return {key: value for key, value in written.items() if value is not None or key not in cls.model_fields}


def parse_duration(value: Any) -> timedelta:
    """Parse `30m`, `6h`, `7d`, `1h30m` or `forever`. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text == "forever":
        return FOREVER
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError(f"{text!r} is not a duration: write 30m, 6h or 7d")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def split_list(value: Any) -> Any:
    """Return a list as it is, and a text split at its commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def validate_name(text: str) -> str:
    """Return a name that can be part of an address and of a file name. Raises ValueError."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name: letters, digits, `-`, `_` and `.`, at most 64")
    return text


def validate_names(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return names without repetitions. Raises ValueError."""
    return tuple(dict.fromkeys(validate_name(text) for text in texts))


def parse_http_url(value: Any) -> str:
    """Return an http(s) URL without surrounding blanks. Raises ValueError."""
    text = str(value).strip()
    shown = shorten_text(redact_url(text))
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError as error:
        # The parser's own sentence repeats parts of the URL, which may belong to a password.
        reason = "its port is not a number up to 65535" if "ort " in str(error) else "its host cannot be read"
        raise ValueError(f"{shown!r} is not an address: {reason}") from None
    if parts.scheme.lower() not in ("http", "https") or not has_host or re.search(r"\s", text):
        raise ValueError(f"{shown!r} is not an http(s) address")
    return text


def validate_secret_url(secret: SecretStr | None) -> SecretStr | None:
    """Return a secret that is an http(s) URL; the error does not repeat it. Raises ValueError."""
    if secret is not None:
        try:
            parse_http_url(secret.get_secret_value())
        except ValueError:
            raise ValueError("is not an http(s) address") from None
    return secret


def shorten_text(text: str, limit: int = 60) -> str:
    """Return a text of at most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


Length = Annotated[timedelta, BeforeValidator(parse_duration)]
Strings = Annotated[tuple[str, ...], BeforeValidator(split_list)]
HttpUrl = Annotated[str, BeforeValidator(parse_http_url)]

"""Timestamps in JSON: RFC 3339 in UTC, to the second."""

from __future__ import annotations

from datetime import datetime
from typing import overload

from watcher.text.timestamps import format_optional_rfc3339


@overload
def format_timestamp(moment: datetime) -> str: ...
@overload
def format_timestamp(moment: None) -> None: ...
@overload
def format_timestamp(moment: datetime | None) -> str | None: ...
def format_timestamp(moment: datetime | None) -> str | None:
    """Return an aware moment as RFC 3339 in UTC, to the second; None for None."""
    return format_optional_rfc3339(moment)

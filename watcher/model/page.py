"""A page of a list, whatever it lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some of a list. `next_cursor` leads on, None at its end. `searched_back_to` is set where the search stopped
    before the end of the archive because it had looked at as much as one call may."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    searched_back_to: datetime | None = None

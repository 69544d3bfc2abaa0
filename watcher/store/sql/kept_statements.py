"""Statements of lists, kept by what they were built of: to build one takes longer than to run it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from watcher.model.results import Filters

S = TypeVar("S")
MAX_KEPT_STATEMENTS = 200
"""So many are kept of a list: when there are more, they are built anew."""


class KeptStatements(Generic[S]):
    """The statements of a list, by its filters and by what else they were built of; for several threads.

    Those of filters that hardly come again are not kept: moments move with the clock. Nor are those of sources, whose
    feeds are looked up.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, S] = {}

    def get(self, filters: Filters, build: Callable[[], S], *others: Hashable) -> S:
        """Return the statement that is kept for some filters, else what `build` returns."""
        if filters.sources or filters.unread_by or filters.since or filters.until or filters.story:
            return build()
        key = (filters, others)
        if (kept := self._kept.get(key)) is None:
            kept = build()
            if len(self._kept) >= MAX_KEPT_STATEMENTS:
                self._kept.clear()
            self._kept[key] = kept
        return kept

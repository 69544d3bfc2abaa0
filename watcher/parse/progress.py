"""How reading is followed from outside: the items of a document as they are read, and whether there is time left.

This package knows no clock and no process. A caller that bounds a reading sets a Progress with `follow_progress`;
readers report to the current one, if there is any.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from watcher.model.entry import Item


class NeedsIsolation(Exception):  # noqa: N818 - no error, a reason to read elsewhere
    """The document has to be read in a process that can be ended; the text says why."""


class Progress(Protocol):
    """Follows one reading."""

    def require_isolation(self, reason: str) -> None:
        """Raise NeedsIsolation unless this reading can be ended from outside."""

    def add(self, item: Item) -> bool:
        """Note an item that has been read; return whether there is time for the next."""

    def has_time_to_repair(self) -> bool:
        """Return whether there is time to repair more of a document before its items are read."""


_CURRENT: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def follow_progress(progress: Progress) -> Iterator[None]:
    """Report what is read in this context to `progress`."""
    token = _CURRENT.set(progress)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def require_isolation(reason: str) -> None:
    """Raise NeedsIsolation where a Progress that cannot end the reading follows it."""
    if (progress := _CURRENT.get()) is not None:
        progress.require_isolation(reason)


def has_time_to_repair() -> bool:
    """Return whether the follower of this reading leaves time for further repairs."""
    progress = _CURRENT.get()
    return progress is None or progress.has_time_to_repair()


def get_progress() -> Progress | None:
    """Return who follows this reading."""
    return _CURRENT.get()

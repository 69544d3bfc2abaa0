"""What can stand in the way of an answer, inside this room; outside it is a Failed."""

from __future__ import annotations

from watcher.errors import WatcherError
from watcher.model.poll import FailureKind


class FetchError(WatcherError):
    """A fetch that came to nothing, and of which kind."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        self.kind = kind
        super().__init__(message)

"""What can stand in the way of an answer, inside this room; outside it is a Failed."""

from __future__ import annotations

from datetime import timedelta

from watcher.errors import WatcherError
from watcher.model.poll import FailureKind


class FetchError(WatcherError):
    """A fetch that came to nothing, and of which kind.

    `seems` is what an OFFLINE is if our own network is there after all; `retry_after` is set where a host that asked
    for peace was not asked at all.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        seems: FailureKind | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        self.kind = kind
        self.seems = seems
        self.retry_after = retry_after
        super().__init__(message)

"""The time that one fetch may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType


class TimeBudget:
    """The time that a fetch may take; waiting for a host's turn is no fault of its server's and costs nothing.

    A block under it takes its time from what is left; it raises what `check` does, and TimeoutError once nothing is.
    """

    __slots__ = ("_check", "_started_at", "_timeout", "left")

    def __init__(self, total: timedelta, check: Callable[[], None]) -> None:
        self.left = total.total_seconds()
        self._check = check

    async def __aenter__(self) -> None:
        self._check()
        self._started_at = time.monotonic()
        self._timeout = asyncio.timeout(max(0.0, self.left))
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        finally:
            self.left -= time.monotonic() - self._started_at

    async def trace(self, event: str, _details: object) -> None:
        """Raise what `check` does, just before a request is sent: a process may have been stopped since its turn."""
        if event.endswith(".send_request_headers.started"):
            self._check()

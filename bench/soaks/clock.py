"""The one clock of a run: true time in a file that its processes share, and wall and monotonic time made of it."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from bench.soaks.plan import Plan, moment

_FORM = struct.Struct("d")


class SharedClock:
    """True time in seconds since the run's begin; one process moves it, the others read it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_FORM.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _FORM.size)

    def read(self) -> float:
        """Return the true time."""
        return float(_FORM.unpack_from(self._shared)[0])

    def move_to(self, at: float) -> None:
        """Move time on."""
        _FORM.pack_into(self._shared, 0, at)


def wall_clock(clock: SharedClock, plan: Plan) -> Callable[[], datetime]:
    """Return the watcher's wall clock: true time, and the steps that the plan makes it take."""

    # Asked thousands of times while true time stands still.
    @lru_cache(maxsize=1)
    def read_at(at: float) -> datetime:
        return moment(at + plan.clock_offset(at))

    def now() -> datetime:
        return read_at(clock.read())

    return now

"""What reading one document or page may cost."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BYTES_IN_THREAD = 1_048_576
"""Larger documents are read in a process: a thread would hold the interpreter for too long."""
THREAD_SECONDS = 0.5
"""CPU seconds after which a reading in a thread is given up and begun again in a process."""
IDLE_SECONDS = 20.0
"""After so long without work a process ends: a daemon at rest has none."""
WALL_SECONDS = 60.0
"""After so long a process is ended, whatever it used: it may wait for something, or the machine may be overloaded."""
MEMORY_BYTES = 270 * 2**20
"""What reading may add to the memory of a process that has everything imported."""

START_BYTES = 524_288
"""How much of a document is read that as a whole is beyond the bounds."""
START_TRIES = 6
"""If that is beyond them as well, so many shorter starts are tried to find the longest one that is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """CPU seconds of one reading.

    After `enough` no further item is begun, after `soft` the work is interrupted where Python code runs, after `hard`
    the process is killed.
    """

    enough: float
    soft: float
    hard: float


FIRST_TRY = Limits(enough=0.3, soft=0.35, hard=0.8)
"""For a first try: nearly every broken document is read within a tenth of this."""
SHORT_START = Limits(enough=0.1, soft=0.15, hard=0.3)
"""For the shorter starts."""
WHOLE_DOCUMENT = Limits(enough=2.6, soft=3.0, hard=3.5)
WHOLE_PAGE = Limits(enough=1.5, soft=1.5, hard=2.0)
"""For an article page or a page that may name feeds."""

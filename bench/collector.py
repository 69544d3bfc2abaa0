"""The collector of garbage as the daemon has it (watcher/cli/state.py, which imports the whole command line)."""

from __future__ import annotations

import gc


def collect_as_daemon() -> None:
    """Leave what is there now alone, as it stays, and look at new objects as seldom as the daemon does."""
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)

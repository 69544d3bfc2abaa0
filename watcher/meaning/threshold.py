"""Where proposals begin: at the score that yields the budget on the background."""

from __future__ import annotations

import numpy as np

from watcher.meaning.vectors import Rows

NEVER = 2.0
"""A threshold that no score reaches."""


def find_threshold(scores: Rows, share: float) -> float:
    """Return the lowest threshold that at most `share` of the background's scores reach (0.003 is 0.3 %).

    Scores that are equal are all above or all below. With no room for a single one it lies just above the highest.
    """
    if share <= 0 or not len(scores):
        return NEVER
    ordered = np.sort(scores)[::-1]
    allowed = int(share * len(ordered) + 1e-9)
    if allowed >= len(ordered):
        return 0.0
    return float(np.nextafter(ordered[allowed], np.float32(np.inf)))


def compute_share(proposals_per_day: int, entries_per_day: float) -> float:
    """Return which share of the entries a day's budget is; at most half, since no topic is about most of the news."""
    return min(0.5, proposals_per_day / entries_per_day) if entries_per_day > 0 else 0.5

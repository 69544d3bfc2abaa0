"""Detects topics with far more or far fewer hits than usual; without enough history there is no alarm."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import median

from watcher.model.digest import TopicVolume

MIN_DAYS = 14
"""Days of history below which there is no alarm."""
ALARM_DEVIATIONS = 4.0
"""How many robust deviations from the usual count raise an alarm."""
MIN_DIFFERENCE = 5
"""A difference of fewer hits raises no alarm; nor does silence of a topic that usually has fewer."""


def describe_unusual_volume(volume: TopicVolume) -> str | None:
    """Return one line about a topic whose last 24 hours are unusual, else None.

    Counts of rare events scatter like their square root, so square roots are compared (Anscombe's transform) with the
    median of the earlier days, in units of the median absolute deviation, which a few odd days do not move, and at
    least of pure chance. Less than double, or more than half, is never unusual.
    """
    days = volume.days
    if len(days) < MIN_DAYS:
        return None
    usual = median(days)
    scale = max(1.0, 1.4826 * median(abs(_stabilize(day) - _stabilize(usual)) for day in days))
    distance = (_stabilize(volume.count) - _stabilize(usual)) / scale
    over = f"in 24 hours, {_describe_usual(days, usual)}"
    if distance >= ALARM_DEVIATIONS and volume.count >= max(2 * usual, usual + MIN_DIFFERENCE):
        return f"{volume.topic}: many more hits than usual: {volume.count} {over}"
    if distance <= -ALARM_DEVIATIONS and usual >= MIN_DIFFERENCE and volume.count <= usual / 2:
        return f"{volume.topic}: far fewer hits than usual: {volume.count} {over}"
    return None


def _stabilize(count: float) -> float:
    """Return a count on the scale where chance scatters it by about one, whatever its size."""
    return 2 * sqrt(count + 3 / 8)


def _describe_usual(days: Sequence[int], usual: float) -> str:
    return f"usually {usual:g} a day (median of {len(days)} days)"

"""Tells when a topic brings far more or far fewer hits than it uses to, and says nothing on too little history."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import median

from watcher.model.digest import TopicVolume

ENOUGH_DAYS = 14
"""Days of history below which nothing is said."""
FAR = 4.0
"""How many robust deviations count as far."""
FEW = 5
"""A difference of fewer hits is never far; a topic that uses to bring fewer is never silent."""


def describe_unusual_volume(volume: TopicVolume) -> str | None:
    """Say in one line what is unusual about a topic's last 24 hours, or nothing.

    Counts of rare things scatter like their square root, so it is square roots that are compared (Anscombe): with the
    median of the days before, in units of their median deviation, which a few odd days do not move, and never less
    than what pure chance would give. Half and double are the least that is told.
    """
    days = volume.days
    if len(days) < ENOUGH_DAYS:
        return None
    usual = median(days)
    scale = max(1.0, 1.4826 * median(abs(_root(day) - _root(usual)) for day in days))
    distance = (_root(volume.count) - _root(usual)) / scale
    over = f"in 24 hours; {_usual(days, usual)}"
    if distance >= FAR and volume.count >= max(2 * usual, usual + FEW):
        return f"{volume.topic}: far more than usual, {volume.count} {over}"
    if distance <= -FAR and usual >= FEW and volume.count <= usual / 2:
        return f"{volume.topic}: far fewer than usual, {volume.count or 'none'} {over}"
    return None


def _root(count: float) -> float:
    """Give a count on the scale where chance scatters it by one, whatever its size."""
    return 2 * sqrt(count + 3 / 8)


def _usual(days: Sequence[int], usual: float) -> str:
    return f"a usual day brings {usual:g} (median of {len(days)} days)"

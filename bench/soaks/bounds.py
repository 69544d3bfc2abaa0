"""What the watcher's process and its database may hold, and whether they grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from bench.soaks.machine import Sample
from bench.soaks.violations import Violations

LIMITS = {"megabytes": 150, "mapped": 350, "peak": 350, "handles": 200, "threads": 60, "tasks": 20}
"""What the watcher's process may hold; `peak` is its most megabytes, mapped ones included."""
SLACK = {"megabytes": 10, "handles": 8, "threads": 6, "tasks": 3}
GROWTH = 1.15
"""What one process may hold at the end, against what it held in the middle of its life."""
BYTES_PER_ENTRY = 6_000
BYTES_PER_DIGEST = 40_000
BYTES_OF_LOG = 48 * 2**20


def check_process(samples: Sequence[tuple[float, Sample]], end: float, violations: Violations) -> dict[str, Any]:
    """Compare what the process held, at some moments, with its limits; returns the most of each and its growth."""
    most = {name: max(asdict(sample)[name] for _at, sample in samples) for name in LIMITS}
    for name, limit in LIMITS.items():
        if most[name] > limit:
            violations.add("beyond its bound", end, f"{most[name]:.0f} {name}, at most {limit:g}")
    # The last third is one process's life: what it holds at its end against its middle.
    life = [sample for at, sample in samples if at > end * 0.7]
    growth = {}
    for name, slack in SLACK.items() if len(life) >= 8 else ():
        middle = median(asdict(sample)[name] for sample in life[len(life) // 3 : len(life) * 2 // 3])
        last = median(asdict(sample)[name] for sample in life[len(life) * 2 // 3 :])
        growth[name] = f"{middle:.0f} -> {last:.0f}"
        if last > middle * GROWTH + slack:
            violations.add("grows", end, f"{name}: {middle:.0f} in the middle of a life, {last:.0f} at its end")
    return {"most": {name: round(value, 1) for name, value in most.items()}, "growth in the last third": growth}


def check_database(size: int, entries: int, digests: int, end: float, violations: Violations) -> dict[str, Any]:
    """Compare the size of the database with what it holds; returns both."""
    limit = entries * BYTES_PER_ENTRY + digests * BYTES_PER_DIGEST + BYTES_OF_LOG
    if size > limit:
        violations.add("beyond its bound", end, f"database of {size / 2**20:.0f} MB, at most {limit / 2**20:.0f}")
    return {"database MB": round(size / 2**20, 1), "entries kept": entries}

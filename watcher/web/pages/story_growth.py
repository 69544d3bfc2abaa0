"""How a story grew, as a chart draws it: reports an hour, or a day, of their own and copies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model.event import EventFacts

MAX_BARS = 24
"""A story that went on for more hours is counted by longer spans."""
_SPANS = (timedelta(hours=1), timedelta(hours=3), timedelta(hours=12), timedelta(days=1), timedelta(days=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthBar:
    """The reports published in a span of time that begins at `at` (UTC)."""

    at: datetime
    own: int
    copies: int


def measure_growth(facts: EventFacts) -> tuple[GrowthBar, ...]:
    """Return the reports by span, from the first report to the last; none where all came at about one time."""
    lasted = facts.last_at - facts.first_at
    span = next((span for span in _SPANS if lasted < span * MAX_BARS), lasted / (MAX_BARS - 1))
    if lasted < span:
        return ()
    own: Counter[int] = Counter()
    copies: Counter[int] = Counter()
    for fact in facts.reports:
        place = int((fact.report.reported_at - facts.first_at) / span)
        (own if fact.copy_of is None else copies)[place] += 1
    last = max([*own, *copies])
    return tuple(
        GrowthBar(at=facts.first_at + span * place, own=own[place], copies=copies[place]) for place in range(last + 1)
    )

"""What polling came to, in numbers: polls by outcome, proven gaps, what may be lost, and who is pushed to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from watcher.store.database import Db
from watcher.store.tables import feeds, polls
from watcher.store.websub.subscriptions import count_websub_subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class PollStats:
    """Numbers of the polls since a moment; `gaps` and `lost` are of all time, of every feed there ever was.

    `outcomes` counts by `read`, `unchanged` and the kinds of failure; `callbacks` the subscriptions at hubs by state.
    """

    outcomes: Mapping[str, int]
    wire_bytes: int
    elapsed: timedelta
    gaps: int
    lost: int
    callbacks: Mapping[str, int]

    @property
    def polls(self) -> int:
        """Count all of them."""
        return sum(self.outcomes.values())


def get_poll_stats(db: Db, moment: datetime) -> PollStats:
    """Count the polls since a moment that the history still holds."""
    sums = func.count(), func.sum(polls.c.wire_bytes), func.sum(polls.c.elapsed_ms)
    rows = db.execute(select(polls.c.outcome, *sums).where(polls.c.at > moment).group_by(polls.c.outcome)).all()
    gaps, lost = db.execute(select(func.sum(feeds.c.gaps), func.sum(feeds.c.lost))).one()
    return PollStats(
        outcomes={row[0]: int(row[1]) for row in sorted(rows, key=lambda row: row[0])},
        wire_bytes=sum(int(row[2]) for row in rows),
        elapsed=timedelta(milliseconds=sum(int(row[3]) for row in rows)),
        gaps=int(gaps or 0),
        lost=int(lost or 0),
        callbacks=count_websub_subscriptions(db),
    )

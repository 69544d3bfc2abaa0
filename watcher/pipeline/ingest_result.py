"""The result of a poll, once it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.model.entry import StoredEntry
from watcher.model.feed import Feed
from watcher.model.poll import PollOutcome
from watcher.model.topic import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What one poll stored, and its feed `before` and `after` the poll.

    `is_stored` is false where the claim on the feed was lost meanwhile and nothing was stored. `seen` counts the
    document's distinct entries, `merged` its items that repeat another one; `lost` is an estimate. `continues` is the
    address that the feed had before it was corrected in the configuration, where this poll proved that.
    """

    before: Feed
    after: Feed
    outcome: PollOutcome
    seen: int = 0
    new: tuple[StoredEntry, ...] = ()
    edited: tuple[StoredEntry, ...] = ()
    hits: tuple[Hit, ...] = ()
    lost: int = 0
    quarantined: int = 0
    merged: int = 0
    recovered: int = 0
    left_out: int = 0
    continues: str = ""
    is_stored: bool = True

"""What a topic that is being written would find among the stored items, by its words and by its sentences."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.app.topic_trial import MeaningDiff, MeaningMatch, diff_meaning, find_meaning_misses
from watcher.errors import BusyError
from watcher.match import Query
from watcher.model.topic import Topic
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.named_query import get_named_query
from watcher.topics.preview import QueryPreview, preview_query

if TYPE_CHECKING:
    from watcher.app.bootstrap import App

_comparing = threading.Lock()
"""Held while sentences that are being typed are compared: one topic at a time, others are asked to come again."""
RETRY_AFTER_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MeaningPreview:
    """What a topic's sentences would propose that its words do not find, the best first, and what a change of them
    gains and loses; `change` is None where nothing is stored to compare with."""

    proposed: tuple[MeaningMatch, ...]
    change: MeaningDiff | None


def preview_words(
    app: App, known: Topic | None, query: Query | None, since: datetime, *, limit: int, is_over: Callable[[], bool]
) -> QueryPreview:
    """Return what a query finds since a moment, and what it gains and loses against that of the stored topic, if any.

    Stops early where `is_over` returns true.
    """
    before = get_named_query(app.matcher, known.id).query if known is not None and known.has_query else None
    topic_id = known.id if known is not None else ""
    return preview_query(ArchiveScan(app.database, since), topic_id, before, query, limit=limit, is_over=is_over)


def preview_sentences(
    app: App, known: Topic | None, topic: Topic, query: Query | None, since: datetime, now: datetime, *, limit: int
) -> MeaningPreview | None:
    """Return what a topic's sentences would propose; None where it has none, or nothing is read for meaning.

    Raises EncoderUnavailable and EncoderFault, and BusyError where another topic's sentences are being compared.
    """
    if not topic.has_meaning:
        return None
    if not _comparing.acquire(blocking=False):
        raise BusyError("Other sentences are being compared. Try again in a few seconds.", RETRY_AFTER_SECONDS)
    try:
        nearest = find_meaning_misses(app, topic, query, since, now, limit=limit)
        if nearest is None:
            return None
        proposed = tuple(match for match in nearest if match.is_proposed)
        is_described = known is not None and known.has_meaning
        change = diff_meaning(app, known, topic, since, now, limit=limit) if is_described else None
        return MeaningPreview(proposed=proposed, change=change)
    finally:
        _comparing.release()

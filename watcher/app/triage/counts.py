"""Counts beside a list: the unread rows of a person's saved views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.app.triage.views import count_unread, parse_view_query
from watcher.errors import BusyError, QueryError, UsageError
from watcher.model.triage import Reader, SavedView
from watcher.store.database import Db
from watcher.store.triage.views import list_views

if TYPE_CHECKING:
    from watcher.match import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedView:
    """A saved view and how much of it is unread; `unread` is None where it cannot be counted, `fault` says why."""

    view: SavedView
    unread: int | None = None
    fault: str = ""


def count_views(
    db: Db, reader: Reader, topic_ids: Sequence[str], now: datetime, parse_search: Callable[[str], Query]
) -> tuple[CountedView, ...]:
    """Return a reader's saved views in their order, each with its unread count."""
    counted_views: list[CountedView] = []
    for view in list_views(db, reader.person):
        try:
            query = parse_view_query(view, reader, topic_ids, now, parse_search)
            counted_views.append(CountedView(view=view, unread=count_unread(db, view, query, reader)))
        except (UsageError, QueryError, BusyError) as error:
            # Its topic or its sets are gone since it was saved.
            counted_views.append(CountedView(view=view, fault=str(error)))
    return tuple(counted_views)

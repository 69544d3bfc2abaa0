"""What a reader asked to see, as conditions on hits and entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from watcher.model.results import Filters
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.direct_select import DirectSelect
from watcher.store.sql.types import TEXTS
from watcher.store.tables import entries, feeds, hits
from watcher.text.redact import make_public_url

_HAS_ADDRESS = any_of(feeds.c.url, bindparam("urls", type_=TEXTS))
_LOWERED = bindparam("lowered", type_=TEXTS)
# Made once: to build one costs more than to run it.
_ADDRESSED = DirectSelect(select(feeds.c.id).where(_HAS_ADDRESS))
_NAMED = DirectSelect(
    select(feeds.c.id).where(
        or_(
            _HAS_ADDRESS,
            any_of(func.lower(feeds.c.name), _LOWERED),
            any_of(feeds.c.host, _LOWERED),
        )
    )
)


def filter_hits(db: Db, chosen: Select[Any], filters: Filters) -> Select[Any]:
    """Narrow a question that has the tables of hits and entries in it."""
    if filters.topics:
        chosen = chosen.where(hits.c.topic_id.in_(filters.topics))
    if filters.since is not None:
        chosen = chosen.where(hits.c.matched_at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(hits.c.matched_at < filters.until)
    if filters.origins:
        chosen = chosen.where(hits.c.origin.in_(filters.origins))
    if filters.found_by:
        chosen = chosen.where(hits.c.found_by.in_(filters.found_by))
    if filters.labels:
        judged = hits.c.label.in_(filters.labels)
        chosen = chosen.where(or_(judged, hits.c.label.is_(None)) if "none" in filters.labels else judged)
    return filter_entries(db, _filter_by_marks(chosen, filters), filters)


def _filter_by_marks(chosen: Select[Any], filters: Filters) -> Select[Any]:
    if filters.unread_by is None and filters.starred_by is None:
        return chosen
    from watcher.model.triage import TargetKind
    from watcher.store.triage.marks import is_starred, is_unread

    if filters.unread_by is not None:
        reader = filters.unread_by
        # The first hit that may be unread bounds the walk through hits in order of their ids.
        first = select(func.min(hits.c.id)).where(hits.c.matched_at > reader.seen_floor).scalar_subquery()
        chosen = chosen.where(hits.c.id >= first)
        chosen = chosen.where(is_unread(reader, TargetKind.ENTRY, hits.c.entry_id, hits.c.matched_at))
    if filters.starred_by is not None:
        chosen = chosen.where(is_starred(filters.starred_by, TargetKind.ENTRY, hits.c.entry_id))
    return chosen


def join_filtered_entries(chosen: Select[Any], filters: Filters) -> Select[Any]:
    """Join the entries to a question about hits where the filters ask about them, and only there."""
    about_entries = filters.sources or filters.languages or filters.story is not None or filters.baseline is not None
    return chosen.join(entries, entries.c.id == hits.c.entry_id) if about_entries else chosen


def filter_entries(db: Db, chosen: Select[Any], filters: Filters) -> Select[Any]:
    """Narrow a question that has the entries table in it by what concerns entries."""
    if filters.sources:
        chosen = chosen.where(entries.c.feed_id.in_(find_feed_ids(db, filters.sources)))
    if filters.story is not None:
        chosen = chosen.where(entries.c.story_id == filters.story)
    if filters.languages:
        chosen = chosen.where(entries.c.language.in_(filters.languages))
    if filters.baseline is not None:
        chosen = chosen.where(entries.c.baseline == filters.baseline)
    return chosen


def find_feed_ids(db: Db, sources: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of the feeds that sources name: by address, by name or by host.

    An address that is known names its own feed alone: nothing else is looked for, which would be a look at every feed.
    """
    urls = sorted({*sources, *(make_public_url(source) for source in sources)})
    if all("://" in source for source in sources):
        addressed = _ADDRESSED.fetch(db, {"urls": urls})
        if len(addressed) == len(sources):
            return tuple(feed_id for [feed_id] in addressed)
    rows = _NAMED.fetch(db, {"urls": urls, "lowered": [source.lower() for source in sources]})
    return tuple(feed_id for [feed_id] in rows)

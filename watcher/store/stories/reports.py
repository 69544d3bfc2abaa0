"""Loads the reports of stories as their facts need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal, select

from watcher.model.event import EventReport, HeadlineEdit, choose_plausible_time
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import entries as entry_table
from watcher.store.tables import entry_versions, feeds, hits

TEXT_LENGTH = 1_200
"""Characters of a report's text that are read to find what it adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReports:
    """The reports of a story, in no order, and the addresses of the feeds that brought them, by entry."""

    reports: tuple[EventReport, ...]
    feed_urls: Mapping[int, str]


def load_story_reports(
    db: Db, story_ids: Collection[int], *, detailed: Collection[int] = ()
) -> Mapping[int, StoryReports]:
    """Return all reports of some stories, by story; of those in `detailed` with texts, topics and edited headlines."""
    detailed_ids = set(detailed)
    rows_of_story: dict[int, list[Any]] = defaultdict(list)
    for ids, with_text in ((detailed_ids, True), (set(story_ids) - detailed_ids, False)):
        if ids:
            for row in db.execute(_select_reports(with_text=with_text), {"ids": sorted(ids)}):
                rows_of_story[row.story_id].append(row)
    entry_ids = [row.id for story_id in detailed_ids & rows_of_story.keys() for row in rows_of_story[story_id]]
    topics, edits = _load_topics(db, entry_ids), _load_edits(db, entry_ids)
    return {
        story_id: StoryReports(
            reports=tuple(_read_report(row, topics.get(row.id, ()), edits.get(row.id, ())) for row in rows),
            feed_urls={row.id: row.feed_url for row in rows},
        )
        for story_id, rows in rows_of_story.items()
    }


def _select_reports(*, with_text: bool) -> Select[Any]:
    text = func.coalesce(func.nullif(entry_table.c.summary, ""), entry_table.c.content)
    return (
        select(
            entry_table.c.id,
            entry_table.c.story_id,
            entry_table.c.title,
            (func.substr(text, 1, TEXT_LENGTH) if with_text else literal("")).label("text"),
            entry_table.c.url,
            entry_table.c.language,
            entry_table.c.published_at,
            entry_table.c.first_seen_at,
            entry_table.c.copy,
            feeds.c.name.label("outlet"),
            feeds.c.url.label("feed_url"),
        )
        .join(feeds, feeds.c.id == entry_table.c.feed_id)
        .where(any_of(entry_table.c.story_id, bindparam("ids", type_=IDS)))
    )


def _load_topics(db: Db, entry_ids: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """Return the topics that some entries are hits of, by entry."""
    if not entry_ids:
        return {}
    chosen = select(hits.c.entry_id, hits.c.topic_id).where(any_of(hits.c.entry_id, bindparam("ids", type_=IDS)))
    topics: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for entry_id, topic_id in db.execute(chosen.order_by(hits.c.id), {"ids": list(entry_ids)}):
        topics[entry_id] += (topic_id,)
    return topics


def _load_edits(db: Db, entry_ids: Collection[int]) -> Mapping[int, tuple[HeadlineEdit, ...]]:
    """Return the edits that changed the headlines of some entries, by entry, oldest first."""
    if not entry_ids:
        return {}
    chosen = (
        select(
            entry_versions.c.entry_id,
            entry_versions.c.title,
            entry_versions.c.replaced_at,
            entry_table.c.title.label("now"),
        )
        .join(entry_table, entry_table.c.id == entry_versions.c.entry_id)
        .where(any_of(entry_versions.c.entry_id, bindparam("ids", type_=IDS)))
        .order_by(entry_versions.c.entry_id, entry_versions.c.version)
    )
    versions: dict[int, list[Any]] = defaultdict(list)
    for row in db.execute(chosen, {"ids": list(entry_ids)}):
        versions[row.entry_id].append(row)
    return {entry_id: tuple(_iter_edits(rows)) for entry_id, rows in versions.items()}


def _iter_edits(rows: Sequence[Any]) -> Iterable[HeadlineEdit]:
    titles = [*(row.title for row in rows), rows[-1].now]
    for row, old, new in zip(rows, titles, titles[1:], strict=False):
        if old != new:
            yield HeadlineEdit(old=old, new=new, replaced_at=row.replaced_at)


def _read_report(row: Row[Any], topics: tuple[str, ...], edits: tuple[HeadlineEdit, ...]) -> EventReport:
    return EventReport(
        entry_id=row.id,
        title=row.title,
        text=row.text,
        outlet=row.outlet or "unknown outlet",
        language=row.language,
        url=row.url,
        published_at=choose_plausible_time(row.published_at, row.first_seen_at),
        first_seen_at=row.first_seen_at,
        copy=row.copy,
        topics=topics,
        edits=edits,
    )

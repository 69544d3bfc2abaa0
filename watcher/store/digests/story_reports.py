"""What a digest needs to know of its stories beyond the hits that it reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal, select

from watcher.model.event import EventReport
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import digest_items, digests, feeds, hits, outbox
from watcher.store.tables import entries as entry_table

TEXT_LENGTH = 1_200
"""Characters of a report's text that are read to find what it adds."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a feed's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReports:
    """The reports of a story, in no order, and the addresses of the feeds that brought them, by entry."""

    reports: tuple[EventReport, ...]
    feed_urls: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStory:
    """The last digest that reported a story, by its id, and its slot."""

    digest_id: int
    slot_at: datetime


def load_story_reports(
    db: Db, story_ids: Collection[int], *, detailed: Collection[int] = ()
) -> Mapping[int, StoryReports]:
    """Return all reports of some stories, by story; the texts of those in `detailed` alone."""
    found: dict[int, list[Row[Any]]] = {}
    wanted = set(detailed)
    for ids, with_text in ((wanted, True), (set(story_ids) - wanted, False)):
        if ids:
            for row in db.execute(_select_reports(with_text=with_text), {"ids": sorted(ids)}):
                found.setdefault(row.story_id, []).append(row)
    return {
        story_id: StoryReports(reports=tuple(map(_read_report, rows)), feed_urls={row.id: row.feed_url for row in rows})
        for story_id, rows in found.items()
    }


def find_reported_stories(db: Db, name: str, story_ids: Sequence[int]) -> Mapping[int, ReportedStory]:
    """Return by which digest of a name each of some stories was last reported; those that never were are left out."""
    chosen = (
        select(entry_table.c.story_id, func.max(digests.c.id), func.max(digests.c.slot_at))
        .join_from(digest_items, hits, hits.c.id == digest_items.c.hit_id)
        .join(entry_table, entry_table.c.id == hits.c.entry_id)
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .where(digest_items.c.name == name, digests.c.sent)
        .where(any_of(entry_table.c.story_id, bindparam("ids", type_=IDS)))
        .group_by(entry_table.c.story_id)
    )
    rows = db.execute(chosen, {"ids": list(story_ids)}) if story_ids else ()
    return {story_id: ReportedStory(digest_id=digest_id, slot_at=slot_at) for story_id, digest_id, slot_at in rows}


def find_sent_messages(db: Db, digest_ids: Sequence[int]) -> Mapping[tuple[str, str], str]:
    """Return the identity of the last sent message of some digests, by channel and recipient."""
    chosen = (
        select(outbox.c.channel, outbox.c.recipient, outbox.c.message_id)
        .where(any_of(outbox.c.digest_id, bindparam("ids", type_=IDS)), outbox.c.state == "sent", outbox.c.part == 0)
        .order_by(outbox.c.id)
    )
    rows = db.execute(chosen, {"ids": list(digest_ids)}) if digest_ids else ()
    return {(channel, recipient): message_id for channel, recipient, message_id in rows}


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


def _read_report(row: Row[Any]) -> EventReport:
    is_plausible = row.published_at is not None and row.published_at <= row.first_seen_at + CLOCK_TOLERANCE
    return EventReport(
        entry_id=row.id,
        title=row.title,
        text=row.text,
        outlet=row.outlet or "unknown outlet",
        language=row.language,
        url=row.url,
        published_at=row.published_at if is_plausible else None,
        first_seen_at=row.first_seen_at,
        copy=row.copy,
    )

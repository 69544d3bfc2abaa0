"""Digests as composed: lists, texts, and which hits each of them reported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from watcher.errors import NotFoundError
from watcher.model.digest import Coverage
from watcher.model.page import Page
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import digest_items, digests, entry_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDigest:
    """A digest as it was composed; `sent` is false where it was empty and not sent."""

    id: int
    name: str
    title: str
    slot_at: datetime
    window: tuple[datetime, datetime]
    composed_at: datetime
    hits: int
    stories: int
    sent: bool
    coverage: Coverage
    subject: str = ""
    html: str = ""
    text: str = ""


def find_digests(db: Db, *, name: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[StoredDigest]:
    """List digests as composed, newest first, without their text."""
    place = parse_cursor("digests", cursor)
    columns = [column for column in digests.c if column.name not in {"html", "text"}]
    chosen = select(*columns).order_by(digests.c.id.desc()).limit(limit + 1)
    if place:
        chosen = chosen.where(digests.c.id < int(place[0]))
    if name:
        chosen = chosen.where(digests.c.name == name)
    rows = db.execute(chosen).mappings().all()
    stored_digests = tuple(_read(dict(row)) for row in rows[:limit])
    return Page(
        items=stored_digests, next_cursor=format_cursor("digests", stored_digests[-1].id) if len(rows) > limit else None
    )


def load_latest_digests(db: Db, limit: int = 30, *, name: str | None = None) -> tuple[StoredDigest, ...]:
    """Return the latest digests that were sent, newest first, with their text: what a feed of digests holds."""
    chosen = select(digests).where(digests.c.sent).order_by(digests.c.id.desc()).limit(limit)
    if name:
        chosen = chosen.where(digests.c.name == name)
    return tuple(_read(dict(row)) for row in db.execute(chosen).mappings())


def load_digest(db: Db, digest_id: int) -> StoredDigest:
    """Read a digest with its text; raises NotFoundError."""
    row = db.execute(select(digests).where(digests.c.id == digest_id)).mappings().first()
    if row is None:
        raise NotFoundError("digest", str(digest_id))
    return _read(dict(row))


def _read(row: Mapping[str, object]) -> StoredDigest:
    values = json.loads(str(row["coverage"]))
    coverage = Coverage(**(values | {"notes": tuple(values.get("notes", ()))})) if values else Coverage()
    return StoredDigest(
        id=row["id"],  # type: ignore[arg-type]
        name=str(row["name"]),
        title=str(row["title"]),
        slot_at=row["slot_at"],  # type: ignore[arg-type]
        window=(row["window_from"], row["window_to"]),  # type: ignore[arg-type]
        composed_at=row["composed_at"],  # type: ignore[arg-type]
        hits=row["hits"],  # type: ignore[arg-type]
        stories=row["stories"],  # type: ignore[arg-type]
        sent=bool(row["sent"]),
        coverage=coverage,
        subject=str(row["subject"]),
        html=str(row.get("html", "")),
        text=str(row.get("text", "")),
    )


def list_digest_hit_ids(db: Db, digest_id: int) -> Sequence[int]:
    """List the hits that a digest reported."""
    return db.execute(select(digest_items.c.hit_id).where(digest_items.c.digest_id == digest_id)).scalars().all()


_WITHOUT_TEXT = [column for column in digests.c if column.name not in {"html", "text"}]
_REPORTING = (
    select(*_WITHOUT_TEXT)
    .where(
        digests.c.id.in_(
            select(digest_items.c.digest_id).where(any_of(digest_items.c.hit_id, bindparam("ids", type_=IDS)))
        )
    )
    .order_by(digests.c.id)
)


def load_digests_of_hits(db: Db, hit_ids: Sequence[int]) -> tuple[StoredDigest, ...]:
    """List the digests that reported any of some hits, oldest first, without their text."""
    if not hit_ids:
        return ()
    rows = db.execute(_REPORTING, {"ids": list(hit_ids)}).mappings()
    return tuple(_read(dict(row)) for row in rows)


def find_reporting_digests(db: Db, hit_ids: Sequence[int], moment: datetime) -> Mapping[int, StoredDigest]:
    """Return the first digest that reported each of some hits by a moment, by hit id; hits without one are absent."""
    members = select(digest_items.c.hit_id, digest_items.c.digest_id).where(digest_items.c.hit_id.in_(tuple(hit_ids)))
    coverage = {digest.id: digest for digest in load_digests_of_hits(db, hit_ids) if digest.composed_at <= moment}
    first: dict[int, StoredDigest] = {}
    for row in db.execute(members.order_by(digest_items.c.digest_id)):
        if row.digest_id in coverage:
            first.setdefault(row.hit_id, coverage[row.digest_id])
    return first


def get_titles_at(db: Db, entry_ids: Sequence[int], moment: datetime) -> Mapping[int, str]:
    """Return the headlines that edited entries had at a moment, by entry id, where they differ from today's."""
    chosen = (
        select(entry_versions.c.entry_id, entry_versions.c.title)
        .where(entry_versions.c.entry_id.in_(tuple(entry_ids)), entry_versions.c.replaced_at > moment)
        .order_by(entry_versions.c.entry_id, entry_versions.c.version.desc())
    )
    return {row.entry_id: row.title for row in db.execute(chosen)}

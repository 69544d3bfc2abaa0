"""Stores composed digests."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import literal, select

from watcher.model.digest import Digest
from watcher.store.database import Db
from watcher.store.sql.dialect import acquire_lock, excluded, get_dialect
from watcher.store.tables import digest_items, digests
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table


def add_digest(
    db: Db, digest: Digest, now: datetime, *, sent: bool, html: str, text: str, subject: str = ""
) -> int | None:
    """Store a digest and what it reported; None where this slot was composed by somebody else meanwhile."""
    row = {
        "name": digest.name,
        "slot_at": digest.slot_at,
        "title": digest.title,
        "subject": subject,
        "window_from": digest.window[0],
        "window_to": digest.window[1],
        "composed_at": now,
        "hits": len(digest.hits),
        "stories": digest.story_count,
        "sent": sent,
        "html": html,
        "text": text,
        "coverage": json.dumps(asdict(digest.coverage), ensure_ascii=False),
    }
    dialect = get_dialect(db)
    inserted = dialect.insert_or_ignore(digests).values(row).returning(digests.c.id)
    digest_id: int | None = db.execute(inserted).scalar()
    if digest_id is not None and digest.hits:
        members = (
            select(literal(digest.name), hit_table.c.id, literal(digest_id), entry_table.c.version)
            .join(entry_table, entry_table.c.id == hit_table.c.entry_id)
            .where(hit_table.c.id.in_(digest.hits))
        )
        # An edited hit stays a member of the digest that reported it first; only the version moves on.
        upsert = dialect.upsert(digest_items, ["name", "hit_id"], {"version": excluded("version")})
        db.execute(upsert.from_select(["name", "hit_id", "digest_id", "version"], members))
    return digest_id


def lock_subscription(db: Db, name: str) -> None:
    """Wait until nobody else composes this subscription, on PostgreSQL; SQLite has one writer anyway."""
    acquire_lock(db, f"digest:{name}")

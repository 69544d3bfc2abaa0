"""Stores composed digests."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import literal, select
from sqlalchemy.dialects import postgresql, sqlite

from watcher.model.digest import Digest
from watcher.store.database import Db
from watcher.store.database.connection import acquire_advisory_lock
from watcher.store.tables import digest_items, digests
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table


def add_digest(
    db: Db, digest: Digest, now: datetime, *, sent: bool, html: str, text: str, subject: str = ""
) -> int | None:
    """Store a digest and what it told; None where this slot was composed by somebody else meanwhile."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
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
    inserted = dialect.insert(digests).values(row).on_conflict_do_nothing().returning(digests.c.id)
    digest_id: int | None = db.execute(inserted).scalar()
    if digest_id is not None and digest.hits:
        telling = (
            select(literal(digest.name), hit_table.c.id, literal(digest_id), entry_table.c.version)
            .join(entry_table, entry_table.c.id == hit_table.c.entry_id)
            .where(hit_table.c.id.in_(digest.hits))
        )
        said = dialect.insert(digest_items).from_select(["name", "hit_id", "digest_id", "version"], telling)
        # An edited hit stays a member of the digest that told it first; only the version that was told moves on.
        db.execute(
            said.on_conflict_do_update(index_elements=["name", "hit_id"], set_={"version": said.excluded.version})
        )
    return digest_id


def lock_subscription(db: Db, name: str) -> None:
    """Wait until nobody else composes this subscription, on PostgreSQL; SQLite has one writer anyway."""
    acquire_advisory_lock(db, f"digest:{name}")

"""Heads of topics: what each learned, every version of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, select

from watcher.store.database import Db
from watcher.store.sql.dialect import excluded, get_dialect
from watcher.store.tables import topic_heads

MAX_VERSIONS = 50
"""Versions of a topic's head that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """A version of a topic's head: entries with a score of `threshold` or more are proposed.

    `topic_version` is the hash of the sentences it was fitted on; `training` says what else, for people.
    """

    topic_id: str
    version: str
    model_id: int
    topic_version: str
    fitted_at: datetime
    weights: bytes
    bias: float
    threshold: float
    training: Mapping[str, Any] = field(default_factory=dict)


def save_head(db: Db, head: StoredHead) -> None:
    """Store a head as its topic's current one; a version that is known becomes current again."""
    changes = {
        name: excluded(name) for name in ("fitted_at", "topic_version", "weights", "bias", "threshold", "training")
    }
    row = {
        "topic_id": head.topic_id,
        "version": head.version,
        "model_id": head.model_id,
        "topic_version": head.topic_version,
        "fitted_at": head.fitted_at,
        "weights": head.weights,
        "bias": head.bias,
        "threshold": head.threshold,
        "training": json.dumps(dict(head.training), ensure_ascii=False),
    }
    db.execute(get_dialect(db).upsert(topic_heads, ("topic_id", "version", "model_id"), changes), [row])
    own = topic_heads.c.topic_id == head.topic_id, topic_heads.c.model_id == head.model_id
    times = select(topic_heads.c.fitted_at).where(*own).order_by(topic_heads.c.fitted_at.desc())
    oldest_kept = db.execute(times.offset(MAX_VERSIONS - 1).limit(1)).scalar()
    if oldest_kept is not None:
        db.execute(delete(topic_heads).where(*own, topic_heads.c.fitted_at < oldest_kept))


def load_heads(db: Db, model_id: int) -> Mapping[str, StoredHead]:
    """Return the current head of each topic, by its id."""
    latest = (
        select(topic_heads.c.topic_id, func.max(topic_heads.c.fitted_at).label("fitted_at"))
        .where(topic_heads.c.model_id == model_id)
        .group_by(topic_heads.c.topic_id)
        .subquery()
    )
    chosen = (
        select(topic_heads)
        .join(
            latest,
            and_(topic_heads.c.topic_id == latest.c.topic_id, topic_heads.c.fitted_at == latest.c.fitted_at),
        )
        .where(topic_heads.c.model_id == model_id)
    )
    return {row["topic_id"]: _read_head(row) for row in db.execute(chosen).mappings()}


def load_head_versions(db: Db, topic_id: str) -> tuple[StoredHead, ...]:
    """List the versions of a topic's head, newest first."""
    chosen = select(topic_heads).where(topic_heads.c.topic_id == topic_id).order_by(topic_heads.c.fitted_at.desc())
    return tuple(_read_head(row) for row in db.execute(chosen).mappings())


def list_head_versions(db: Db, model_id: int) -> Mapping[str, tuple[str, datetime]]:
    """Return which version of each topic's head is current, and since when; cheaper than the heads themselves."""
    chosen = select(topic_heads.c.topic_id, topic_heads.c.version, topic_heads.c.fitted_at)
    rows = db.execute(chosen.where(topic_heads.c.model_id == model_id).order_by(topic_heads.c.fitted_at))
    return {row.topic_id: (row.version, row.fitted_at) for row in rows}


def _read_head(row: RowMapping) -> StoredHead:
    return StoredHead(
        topic_id=row["topic_id"],
        version=row["version"],
        model_id=row["model_id"],
        topic_version=row["topic_version"],
        fitted_at=row["fitted_at"],
        weights=row["weights"],
        bias=row["bias"],
        threshold=row["threshold"],
        training=json.loads(row["training"]),
    )

"""Vectors of entries and of texts. A vector is int8, one byte for each dimension; empty where a text cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select

from watcher.store.database import Db
from watcher.store.entries.queries import find_first_id_since
from watcher.store.meaning.models import StoredModel
from watcher.store.sql.bulk import any_of
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.sql.dialect import excluded, get_dialect
from watcher.store.sql.types import IDS
from watcher.store.tables import embedding_claims, embedding_queue, embeddings, text_vectors
from watcher.store.tables import entries as entry_table

BACKGROUND_DAYS = timedelta(days=30)
MAX_BACKGROUND = 20_000
"""Recent entries that thresholds and means are taken from."""

_IDS = bindparam("ids", type_=IDS)
_THESE = (
    select(embeddings.c.entry_id, embeddings.c.vector, embeddings.c.title_vector)
    .where(embeddings.c.model_id == bindparam("model"), any_of(embeddings.c.entry_id, _IDS))
    .where(func.length(embeddings.c.vector) > 0)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """What a model made of an entry's text at a version; `vector` is empty where it cannot read it.

    `title_vector` is that of the title alone, None where the title is all of the text or cannot be read.
    """

    entry_id: int
    entry_version: int
    text_hash: int
    vector: bytes
    title_vector: bytes | None = None


@dataclass(frozen=True, slots=True)
class TextVectors:
    """The vector of an entry's whole text and that of its title; None where that is all of it."""

    whole: bytes
    title: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorRows:
    """Vectors by entry, in order of id: `vectors` has `dimensions` bytes for each of `entry_ids`.

    `titles` has as many, of the titles alone, or is empty where they were not asked for.
    """

    entry_ids: tuple[int, ...]
    vectors: bytes
    dimensions: int
    titles: bytes = b""

    def __len__(self) -> int:
        return len(self.entry_ids)


def hash_text(text: str) -> int:
    """Return the hash of a text that a model reads: a signed number of 64 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def store_embeddings(
    db: Db, stored: StoredModel, owner: str, made: Sequence[Embedding], now: datetime
) -> frozenset[int]:
    """Store vectors of entries that `owner` has claimed, and release the claims; return whose vectors were stored.

    Those whose claim was lost, that were pruned, or that were edited since they were read are left out: they remain
    in the backlog.
    """
    by_id = {embedding.entry_id: embedding for embedding in made}
    held = select(embedding_claims.c.entry_id).where(
        embedding_claims.c.model_id == stored.id,
        embedding_claims.c.owner == owner,
        embedding_claims.c.lease_until > now,
    )
    versions = _lock_versions(db, frozenset(db.execute(held).scalars()) & by_id.keys())
    valid = [embedding for id_, embedding in sorted(by_id.items()) if versions.get(id_) == embedding.entry_version]
    if valid:
        changes = {name: excluded(name) for name in ("entry_version", "text_hash", "vector", "title_vector")}
        rows = [_build_row(stored.id, embedding) for embedding in valid]
        db.execute(get_dialect(db).upsert(embeddings, ("entry_id", "model_id"), changes), rows)
    read = frozenset(embedding.entry_id for embedding in valid)
    queued = embedding_queue.c.model_id == stored.id, any_of(embedding_queue.c.entry_id, _IDS)
    db.execute(delete(embedding_queue).where(*queued), {"ids": sorted(read)})
    claimed = embedding_claims.c.model_id == stored.id, any_of(embedding_claims.c.entry_id, _IDS)
    db.execute(delete(embedding_claims).where(*claimed, embedding_claims.c.owner == owner), {"ids": sorted(by_id)})
    return read


def _lock_versions(db: Db, entry_ids: Collection[int]) -> Mapping[int, int]:
    """Return the versions of entries, locked until the transaction ends: an edit waits, and finds the vector stale."""
    current = (
        select(entry_table.c.id, entry_table.c.version)
        .where(any_of(entry_table.c.id, _IDS))
        .order_by(entry_table.c.id)
        .with_for_update(read=True)
    )
    return {row.id: row.version for row in db.execute(current, {"ids": sorted(entry_ids)})}


def _build_row(model_id: int, embedding: Embedding) -> dict[str, object]:
    return {
        "entry_id": embedding.entry_id,
        "model_id": model_id,
        "entry_version": embedding.entry_version,
        "text_hash": embedding.text_hash,
        "vector": embedding.vector,
        "title_vector": embedding.title_vector,
    }


def find_vectors_by_text(db: Db, model_id: int, text_hashes: Collection[int]) -> Mapping[int, TextVectors]:
    """Return the vectors of entries whose text is the same, by its hash."""
    vectors: dict[int, TextVectors] = {}
    for some in split_into_chunks(sorted(set(text_hashes)), 500):
        same = embeddings.c.model_id == model_id, embeddings.c.text_hash.in_(tuple(some))
        columns = embeddings.c.text_hash, embeddings.c.vector, embeddings.c.title_vector
        rows = db.execute(select(*columns).where(*same))
        vectors |= {row.text_hash: TextVectors(row.vector, row.title_vector) for row in rows if row.vector}
    return vectors


def load_vectors(db: Db, model_id: int, entry_ids: Collection[int]) -> Mapping[int, bytes]:
    """Return the vectors of some entries, by id; those that have none are absent."""
    vectors: dict[int, bytes] = {}
    for some in split_into_chunks(sorted(set(entry_ids)), 5_000):
        rows = db.execute(_THESE, {"model": model_id, "ids": some})
        vectors |= {row.entry_id: row.vector for row in rows}
    return vectors


def load_text_views(db: Db, model_id: int, entry_ids: Collection[int]) -> Mapping[int, TextVectors]:
    """Return the vectors of the whole texts and the titles of some entries, by id; those that have none are absent."""
    vectors: dict[int, TextVectors] = {}
    for some in split_into_chunks(sorted(set(entry_ids)), 5_000):
        rows = db.execute(_THESE, {"model": model_id, "ids": some})
        vectors |= {row.entry_id: TextVectors(row.vector, row.title_vector) for row in rows}
    return vectors


def load_recent_vectors(
    db: Db, stored: StoredModel, now: datetime, *, days: timedelta = BACKGROUND_DAYS, limit: int = MAX_BACKGROUND
) -> VectorRows:
    """Return the vectors of the newest entries first seen within `days`, at most `limit`, in order of id."""
    first = find_first_id_since(db, now - days)
    newest = (
        select(embeddings.c.entry_id, embeddings.c.vector, embeddings.c.title_vector)
        .where(embeddings.c.model_id == stored.id, embeddings.c.entry_id >= first)
        .where(func.length(embeddings.c.vector) > 0)
        .order_by(embeddings.c.entry_id.desc())
        .limit(limit)
    )
    rows = list(reversed(db.execute(newest).all()))
    titles = b"".join(row.title_vector or row.vector for row in rows)
    return replace(_join_rows(rows, stored.model.dimensions), titles=titles)


def iter_vectors(db: Db, stored: StoredModel, *, after_id: int = 0, size: int = 10_000) -> Iterator[VectorRows]:
    """Yield all vectors of a model after an id, in order of id, some at a time."""
    while True:
        some = (
            select(embeddings.c.entry_id, embeddings.c.vector)
            .where(embeddings.c.model_id == stored.id, embeddings.c.entry_id > after_id)
            .order_by(embeddings.c.entry_id)
            .limit(size)
        )
        rows = db.execute(some).all()
        if not rows:
            return
        after_id = rows[-1].entry_id
        yield _join_rows([row for row in rows if row.vector], stored.model.dimensions)


def measure_daily_rate(db: Db, now: datetime, *, days: timedelta = BACKGROUND_DAYS) -> float | None:
    """Return how many entries a day came within `days`, first fetches of feeds left out; None within the first day."""
    chosen = select(func.count(), func.min(entry_table.c.first_seen_at)).where(
        entry_table.c.id >= find_first_id_since(db, now - days), ~entry_table.c.baseline
    )
    count, first_at = db.execute(chosen).one()
    if first_at is None or now - first_at < timedelta(days=1):
        return None
    return float(count / ((now - first_at) / timedelta(days=1)))


def load_text_vectors(db: Db, model_id: int, texts: Collection[str]) -> Mapping[str, bytes]:
    """Return the vectors that are known of some texts."""
    by_hash = {hash_text(text): text for text in texts}
    vectors: dict[str, bytes] = {}
    for some in split_into_chunks(sorted(by_hash), 500):
        known = text_vectors.c.model_id == model_id, text_vectors.c.text_hash.in_(tuple(some))
        rows = db.execute(select(text_vectors.c.text_hash, text_vectors.c.vector).where(*known))
        vectors |= {by_hash[row.text_hash]: row.vector for row in rows}
    return vectors


def save_text_vectors(db: Db, model_id: int, vectors: Mapping[str, bytes]) -> None:
    """Store the vectors of texts; those that are known stay."""
    if vectors:
        rows = [
            {"model_id": model_id, "text_hash": hash_text(text), "vector": vector} for text, vector in vectors.items()
        ]
        db.execute(get_dialect(db).insert_or_ignore(text_vectors), rows)


def _join_rows(rows: Sequence[object], dimensions: int) -> VectorRows:
    pairs: list[tuple[int, bytes]] = [(row.entry_id, row.vector) for row in rows]  # type: ignore[attr-defined]
    return VectorRows(
        entry_ids=tuple(entry_id for entry_id, _vector in pairs),
        vectors=b"".join(vector for _entry_id, vector in pairs),
        dimensions=dimensions,
    )

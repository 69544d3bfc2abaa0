"""Keeps translations and summaries under a hash of what was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from watcher.store.database import Db
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import machine_texts


def hash_request(*parts: str) -> bytes:
    """Return the key of a text: what kind it is, by which model, in which language, of what."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def load_machine_texts(db: Db, keys: Iterable[bytes]) -> Mapping[bytes, str]:
    """Return those of some texts that are kept, by key."""
    texts: dict[bytes, str] = {}
    for some in split_into_chunks(list(keys), 500):
        chosen = select(machine_texts.c.key, machine_texts.c.text).where(machine_texts.c.key.in_(some))
        texts |= {bytes(key): text for key, text in db.execute(chosen)}
    return texts


def add_machine_texts(db: Db, kind: str, texts: Mapping[bytes, str], now: datetime) -> None:
    """Keep texts of one kind; one that is there already stays as it is."""
    rows: Sequence[dict[str, object]] = [
        {"key": key, "kind": kind, "text": text, "created_at": now} for key, text in sorted(texts.items())
    ]
    if rows:
        db.execute(get_dialect(db).insert_or_ignore(machine_texts), rows)

"""Which version of the tokenizer made the full-text index."""

from __future__ import annotations

from sqlalchemy import select

from watcher.store.database import Db
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import entries
from watcher.text.analyser import ANALYSER_VERSION

_KEY = "analyser"


def is_index_current(db: Db) -> bool:
    """Return whether the full-text index was made by this version's tokenizer, or is empty as the archive is."""
    version = get_value(db, _KEY)
    if version is None:
        return db.execute(select(entries.c.id).limit(1)).first() is None
    return version == str(ANALYSER_VERSION)


def mark_index_current(db: Db) -> None:
    """Record that the full-text index was made by this version's tokenizer."""
    set_value(db, _KEY, str(ANALYSER_VERSION))

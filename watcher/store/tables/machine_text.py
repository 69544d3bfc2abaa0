"""Texts that machines wrote: translated headlines and summaries, kept so that each is asked for once."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text

from watcher.store.sql.types import Moment
from watcher.store.tables.base import metadata

machine_texts = Table(
    "machine_texts",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="hash of what was asked: kind, model, language and text"),
    Column("kind", String(12), nullable=False, comment="translation or summary"),
    Column("text", Text, nullable=False, comment="of a summary JSON: [[sentence, [entry id, ...]], ...]"),
    Column("created_at", Moment, nullable=False),
    Index("ix_machine_texts_created_at", "created_at"),
)

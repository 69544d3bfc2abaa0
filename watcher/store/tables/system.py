"""Workers at work, and values by key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from watcher.store.sql.types import Moment
from watcher.store.tables.base import metadata

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("note", Text, nullable=False, server_default="", comment="JSON: what the owner says of itself"),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

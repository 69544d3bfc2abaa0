"""People, their sessions and tokens, and who changed what. Names are no references: they outlive who has left."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.base import metadata

people = Table(
    "people",
    metadata,
    Column("name", Text, primary_key=True, comment="stays in notes, judgements and the audit"),
    Column("login", Text, nullable=False, unique=True, comment="the name as logins compare it"),
    Column("role", String(12), nullable=False, comment="reader, editor or admin"),
    Column("password_hash", Text, comment="argon2; null where another service logs in"),
    Column("subject", Text, unique=True, comment="issuer and subject of OpenID Connect"),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", Text, primary_key=True, comment="SHA-256 of the id in the cookie"),
    Column("person", Text, nullable=False),
    Column("secret_mark", Text, nullable=False, comment="of the password that opened it; another ends it"),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("last_seen_from", Text, nullable=False),
    Column("agent", Text, nullable=False, server_default="", comment="what the browser calls itself"),
    Column("ended_at", Moment),
    Index("ix_sessions_person", "person"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("role", String(12), nullable=False, comment="at most the person's own"),
    Column("token_hash", Text, nullable=False, unique=True, comment="SHA-256 of the token"),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    Index("ix_api_tokens_person", "person"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("person", Text, nullable=False),
    Column("via", String(12), nullable=False, comment="page, api, command, mcp, link, login or setup"),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("version", Integer, comment="number in the history of the configuration"),
    Index("ix_audit_person_id", "person", "id"),
    Index("ix_audit_action_id", "action", "id"),
    comment="Only ever added to.",
)

"""The audit: who changed what. It is only ever added to; nothing here updates or deletes a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from watcher.model.page import Page
from watcher.model.person import Actor, AuditEntry
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.tables import audit

MAX_VALUE = 2_000
"""The longest value, in characters, that an entry keeps of what was before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Which entries are listed; None means no restriction."""

    person: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def add_audit_entry(
    db: Db,
    actor: Actor,
    now: datetime,
    action: str,
    object_: str,
    *,
    before: str | None = None,
    after: str | None = None,
    version: int | None = None,
) -> None:
    """Add who did what to which object. Never a secret among the values."""
    values = {
        "at": now,
        "person": actor.person.name,
        "via": actor.via,
        "action": action,
        "object": object_[:MAX_VALUE],
        "before": None if before is None else before[:MAX_VALUE],
        "after": None if after is None else after[:MAX_VALUE],
        "version": version,
    }
    db.execute(insert(audit).values(values))


def list_audit_entries(
    db: Db, filters: AuditFilters, *, limit: int = 50, cursor: str | None = None
) -> Page[AuditEntry]:
    """Return a page of entries, the newest first. Raises UsageError for a bad cursor."""
    chosen = select(audit).order_by(audit.c.id.desc()).limit(limit + 1)
    if place := parse_cursor("audit", cursor):
        chosen = chosen.where(audit.c.id < int(place[0]))
    if filters.person is not None:
        chosen = chosen.where(audit.c.person == filters.person)
    if filters.action is not None:
        chosen = chosen.where(audit.c.action == filters.action)
    if filters.since is not None:
        chosen = chosen.where(audit.c.at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(audit.c.at < filters.until)
    audit_entries = [AuditEntry(**row._asdict()) for row in db.execute(chosen)]
    more = len(audit_entries) > limit
    return Page(
        items=tuple(audit_entries[:limit]),
        next_cursor=format_cursor("audit", audit_entries[limit - 1].id) if more else None,
    )


def find_editor_of_version(db: Db, version: int) -> str | None:
    """Return who made an edit of the configuration, by its number in the history; None where nobody knows."""
    chosen = select(audit.c.person).where(audit.c.version == version).order_by(audit.c.id.desc()).limit(1)
    editor: str | None = db.execute(chosen).scalar()
    return editor


def list_audit_actions(db: Db) -> tuple[str, ...]:
    """List the kinds of actions that the audit has."""
    return tuple(db.execute(select(audit.c.action).distinct().order_by(audit.c.action)).scalars())

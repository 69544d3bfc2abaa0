"""The audit, looked through by person, action and time."""

from __future__ import annotations

from datetime import datetime

from watcher.app.listing import parse_period
from watcher.store.people.audit import AuditFilters


def parse_audit_filters(
    person: str | None, action: str | None, since: str | None, until: str | None, now: datetime
) -> AuditFilters:
    """Parse what the audit is asked for, as typed; empty means no restriction. Raises UsageError."""
    begin, end = parse_period(since or None, until or None, now)
    return AuditFilters(person=person or None, action=action or None, since=begin, until=end)

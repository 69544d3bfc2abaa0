"""The audit, for admins: who changed what."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response

from watcher.app.people.listing import parse_audit_filters
from watcher.errors import UsageError
from watcher.store.people.audit import AuditFilters, list_audit_actions, list_audit_entries
from watcher.web.context import Ctx

router = APIRouter(include_in_schema=False)
SHOWN_ENTRIES = 100


@router.get("/audit")
def show_audit(
    request: Request,
    ctx: Ctx,
    person: str = Query("", max_length=200),
    action: str = Query("", max_length=100),
    since: str = Query("", max_length=100),
    cursor: str = Query("", max_length=500),
) -> Response:
    """Show who changed what, the newest first."""
    fault, filters = "", AuditFilters()
    try:
        filters = parse_audit_filters(person, action, since, None, ctx.now)
    except UsageError as error:
        fault = str(error)
    with ctx.app.database.read() as db:
        page = list_audit_entries(db, filters, limit=SHOWN_ENTRIES, cursor=cursor or None)
        actions = list_audit_actions(db)
    return ctx.render_page(
        request, "audit.html", 400 if fault else 200, entries=page.items, next_cursor=page.next_cursor, fault=fault,
        actions=actions, typed={"person": person, "action": action, "since": since},
    )  # fmt: skip

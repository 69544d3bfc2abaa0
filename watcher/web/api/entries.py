"""Entries: every stored one, matched by a topic or not."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from watcher.app import views
from watcher.store.entries.queries import load_entry, load_entry_versions
from watcher.store.entries.search import search_entries
from watcher.web.api import models
from watcher.web.api.params import Cursor, Limit, ListAsked, Order, listed
from watcher.web.context import Ctx, get_match_budget
from watcher.web.validation import EntryId

router = APIRouter(tags=["entries"])


@router.get("/entries", response_model=models.Entries)
def list_entries(
    request: Request, ctx: Ctx, asked: ListAsked, order: Order = "new", limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Search every stored entry in the topic language."""
    enough = get_match_budget(request).enough
    with ctx.app.database.read() as db:
        page = search_entries(db, asked.query, asked.filters, order=order, limit=limit, cursor=cursor, enough=enough)
    said = {
        "entries": [views.match(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": views.moment(page.searched_back_to),
    }
    return listed(request, said)


@router.get("/entries/{entry_id}", response_model=models.WholeEntry)
def get_entry(ctx: Ctx, entry_id: EntryId) -> Response:
    """Read one entry with its whole text and its earlier versions."""
    with ctx.app.database.read() as db:
        stored = load_entry(db, entry_id)
        versions = load_entry_versions(db, entry_id)
    return JSONResponse(views.entry(stored, content=True) | {"versions": [views.version(each) for each in versions]})

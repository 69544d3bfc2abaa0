"""Entries: every stored one, matched by a topic or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from watcher.app import views
from watcher.store.entries.queries import load_entry, load_entry_versions
from watcher.store.entries.search import search_entries
from watcher.web.api import models
from watcher.web.api.params import MOST_ID, Cursor, Limit, ListAsked, Order, listed
from watcher.web.site import Here, effort_of

router = APIRouter(tags=["entries"])


@router.get("/entries", response_model=models.Entries)
def list_entries(
    request: Request, here: Here, asked: ListAsked, order: Order = "new", limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Search every stored entry in the topic language."""
    enough = effort_of(request).enough
    with here.app.database.read() as db:
        page = search_entries(db, asked.query, asked.filters, order=order, limit=limit, cursor=cursor, enough=enough)
    said = {
        "entries": [views.match(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": views.moment(page.searched_back_to),
    }
    return listed(request, said)


@router.get("/entries/{entry_id}", response_model=models.WholeEntry)
def get_entry(here: Here, entry_id: Annotated[int, Path(ge=1, le=MOST_ID)]) -> Response:
    """Read one entry with its whole text and its earlier versions."""
    with here.app.database.read() as db:
        stored = load_entry(db, entry_id)
        versions = load_entry_versions(db, entry_id)
    return JSONResponse(views.entry(stored, content=True) | {"versions": [views.version(each) for each in versions]})

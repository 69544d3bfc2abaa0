"""Entries: every stored one, matched by a topic or not."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from watcher.app.listing import search_entries
from watcher.app.similar import find_like_entry, search_by_meaning
from watcher.contract.entries import (
    EntryDetail,
    EntryList,
    SimilarEntryList,
    encode_entry_detail,
    encode_matches,
    encode_similar_entries,
)
from watcher.model.results import Filters
from watcher.store.entries.queries import load_entry, load_entry_versions
from watcher.web.api.parameters import Like, Limit, ListParameters, parse_parameters, respond_with_page
from watcher.web.context import Ctx, get_match_budget
from watcher.web.validation import EntryId

router = APIRouter(tags=["entries"])


@router.get("/entries", response_model=EntryList)
def list_entries(request: Request, ctx: Ctx, parameters: ListParameters, like: Like = None) -> Response:
    """Search every stored entry in the topic language, by meaning (`like`), or both."""
    query = parse_parameters(request, parameters)
    if like is not None:
        return respond_with_page(request, encode_matches(search_by_meaning(ctx.app, query, like, ctx.now)))
    with ctx.app.database.read() as db:
        page = search_entries(db, query, get_match_budget(request).is_spent)
    return respond_with_page(request, encode_matches(page))


@router.get("/entries/{entry_id}/similar")
def list_similar_entries(ctx: Ctx, entry_id: EntryId, limit: Limit = 20) -> SimilarEntryList:
    """List the entries whose meaning is nearest to an entry's, the nearest first."""
    return encode_similar_entries(find_like_entry(ctx.app, entry_id, Filters(), ctx.now, limit=limit))


@router.get("/entries/{entry_id}")
def get_entry(ctx: Ctx, entry_id: EntryId) -> EntryDetail:
    """Get an entry with its full text and its earlier versions."""
    with ctx.app.database.read() as db:
        return encode_entry_detail(load_entry(db, entry_id), load_entry_versions(db, entry_id))

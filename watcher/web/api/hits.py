"""Hits: listed, read, judged."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from watcher.app import views
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.queries import load_hit
from watcher.store.hits.search import find_hits
from watcher.web.api import models
from watcher.web.api.params import Cursor, Limit, ListAsked, Order, listed
from watcher.web.context import Ctx, get_match_budget
from watcher.web.validation import HitId

router = APIRouter(tags=["hits"])


class Judgement(BaseModel):
    """What a person thinks of a hit; `none` or null takes it back."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["relevant", "irrelevant", "none"] | None


@router.get("/hits", response_model=models.Hits)
def list_hits(
    request: Request, ctx: Ctx, asked: ListAsked, order: Order = "new", limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List stored hits, newest first, with the words that show why."""
    enough = get_match_budget(request).enough
    with ctx.app.database.read() as db:
        page = find_hits(db, asked.filters, query=asked.query, order=order, limit=limit, cursor=cursor, enough=enough)
    said = {
        "hits": [views.hit(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": views.moment(page.searched_back_to),
    }
    return listed(request, said)


@router.get("/hits/{hit_id}", response_model=models.Hit)
def get_hit(ctx: Ctx, hit_id: HitId) -> Response:
    """Read one hit."""
    with ctx.app.database.read() as db:
        return JSONResponse(views.hit(load_hit(db, hit_id)))


@router.put("/hits/{hit_id}/label", response_model=models.Labelled)
def put_label(ctx: Ctx, hit_id: HitId, judgement: Judgement) -> Response:
    """Judge a hit: relevant or irrelevant. Judgements measure a topic."""
    label = None if judgement.label in (None, "none") else judgement.label
    with ctx.app.database.write() as db:
        set_hit_label(db, hit_id, label, ctx.now)
    return JSONResponse({"id": hit_id, "label": label})

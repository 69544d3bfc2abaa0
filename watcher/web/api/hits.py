"""Hits: listed, read, judged."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from watcher.app import views
from watcher.store.hits.queries import find_hits, load_hit, set_hit_label
from watcher.web.api import models
from watcher.web.api.params import MOST_ID, Cursor, Limit, ListAsked, Order, listed
from watcher.web.site import Here, effort_of

router = APIRouter(tags=["hits"])
HitId = Annotated[int, Path(ge=1, le=MOST_ID)]


class Judgement(BaseModel):
    """What a person thinks of a hit; `none` or null takes it back."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["relevant", "irrelevant", "none"] | None


@router.get("/hits", response_model=models.Hits)
def list_hits(
    request: Request, here: Here, asked: ListAsked, order: Order = "new", limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List stored hits, newest first, with the words that show why."""
    enough = effort_of(request).enough
    with here.app.database.read() as db:
        page = find_hits(db, asked.filters, query=asked.query, order=order, limit=limit, cursor=cursor, enough=enough)
    said = {
        "hits": [views.hit(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": views.moment(page.searched_back_to),
    }
    return listed(request, said)


@router.get("/hits/{hit_id}", response_model=models.Hit)
def get_hit(here: Here, hit_id: HitId) -> Response:
    """Read one hit."""
    with here.app.database.read() as db:
        return JSONResponse(views.hit(load_hit(db, hit_id)))


@router.put("/hits/{hit_id}/label", response_model=models.Labelled)
def put_label(here: Here, hit_id: HitId, judgement: Judgement) -> Response:
    """Judge a hit: relevant or irrelevant. Judgements measure a topic."""
    label = None if judgement.label in (None, "none") else judgement.label
    with here.app.database.write() as db:
        set_hit_label(db, hit_id, label, here.now)
    return JSONResponse({"id": hit_id, "label": label})

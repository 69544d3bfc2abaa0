"""Hits: listed, read, judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from watcher.app.judgements import judge_hit
from watcher.app.listing import list_hits as get_hits
from watcher.contract.hits import Hit, HitList, Label, LabelledHit, encode_hit, encode_hits
from watcher.store.hits.queries import load_hit
from watcher.web.api.parameters import ListParameters, parse_parameters, respond_with_page
from watcher.web.auth.person import get_actor
from watcher.web.context import Ctx, get_match_budget
from watcher.web.validation import HitId

router = APIRouter(tags=["hits"])
FoundBy = Annotated[
    Literal["words", "meaning", "all"],
    Query(description="Only hits by words, only those that meaning found and a person judged relevant, or both"),
]


class LabelUpdate(BaseModel):
    """A judgement of a hit; `none` or null takes it back."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["relevant", "irrelevant", "none"] | None


@router.get("/hits", response_model=HitList)
def list_hits(request: Request, ctx: Ctx, parameters: ListParameters, found_by: FoundBy = "words") -> Response:
    """List stored hits, newest first, with the words that prove them."""
    query = parse_parameters(request, replace(parameters, found_by=found_by))
    with ctx.app.database.read() as db:
        page = get_hits(db, query, get_match_budget(request).is_spent)
    return respond_with_page(request, encode_hits(page))


@router.get("/hits/{hit_id}")
def get_hit(ctx: Ctx, hit_id: HitId) -> Hit:
    """Get a hit."""
    with ctx.app.database.read() as db:
        return encode_hit(load_hit(db, hit_id))


@router.put("/hits/{hit_id}/label")
def put_label(ctx: Ctx, hit_id: HitId, judgement: LabelUpdate) -> LabelledHit:
    """Judge a hit for its topic: relevant or irrelevant. An item that several topics found is judged for each."""
    label: Label | None = None if judgement.label == "none" else judgement.label
    with ctx.app.database.write() as db:
        judge_hit(db, hit_id, label, ctx.now, get_actor("api"))
    return {"id": hit_id, "label": label}

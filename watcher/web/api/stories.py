"""Stories: the reports of one event, together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from watcher.app import listing
from watcher.app.story_decisions import encode_decision, merge_other_story, split_off_reports, undo_decision
from watcher.contract.stories import Story, StoryDecision, StoryList, encode_stories, encode_story
from watcher.store.stories.queries import load_story
from watcher.web.api.parameters import StoryParameters, parse_parameters, respond_with_page
from watcher.web.auth.person import get_actor
from watcher.web.context import Ctx
from watcher.web.validation import MAX_JSON_ID, StoryId

router = APIRouter(tags=["stories"])
Id = Annotated[int, Field(ge=1, le=MAX_JSON_ID)]


class Split(BaseModel):
    """The entries of a story that are of another event."""

    model_config = ConfigDict(extra="forbid")
    entries: Annotated[list[Id], Field(min_length=1, max_length=1_000)]


class Merge(BaseModel):
    """The story whose entries are moved into this one."""

    model_config = ConfigDict(extra="forbid")
    story: Id


class Undo(BaseModel):
    """The split or merge to undo; without one the latest."""

    model_config = ConfigDict(extra="forbid")
    decision: Id | None = None


@router.get("/stories", response_model=StoryList)
def list_stories(request: Request, ctx: Ctx, parameters: StoryParameters) -> Response:
    """List stories with their outlets, those with the latest report first."""
    query = parse_parameters(request, parameters)
    with ctx.app.database.read() as db:
        page = listing.list_stories(db, query)
    return respond_with_page(request, encode_stories(page))


@router.get("/stories/{story_id}")
def get_story(ctx: Ctx, story_id: StoryId) -> Story:
    """Get a story with all its reports."""
    with ctx.app.database.read() as db:
        return encode_story(load_story(db, story_id))


@router.post("/stories/{story_id}/split")
def post_story_split(ctx: Ctx, story_id: StoryId, split: Split) -> StoryDecision:
    """Move entries of a story into one of their own. The two are not joined again by themselves."""
    with ctx.app.database.write() as db:
        decision = split_off_reports(db, story_id, split.entries, ctx.now, get_actor("api"))
    ctx.clear_cache()
    return encode_decision(decision)


@router.post("/stories/{story_id}/merge")
def post_story_merge(ctx: Ctx, story_id: StoryId, merge: Merge) -> StoryDecision:
    """Move all entries of another story into this one."""
    with ctx.app.database.write() as db:
        decision = merge_other_story(db, story_id, merge.story, ctx.now, get_actor("api"))
    ctx.clear_cache()
    return encode_decision(decision)


@router.post("/stories/{story_id}/undo")
def post_story_undo(ctx: Ctx, story_id: StoryId, undo: Undo) -> StoryDecision:
    """Undo a split or a merge of a story: its entries go back, those that are still there."""
    with ctx.app.database.write() as db:
        decision = undo_decision(db, story_id, ctx.now, undo.decision, get_actor("api"))
    ctx.clear_cache()
    return encode_decision(decision)

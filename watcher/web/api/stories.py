"""Stories: the reports of one event, together."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from watcher.app import listing
from watcher.contract.stories import Story, StoryList, encode_stories, encode_story
from watcher.store.stories.queries import load_story
from watcher.web.api.parameters import StoryParameters, add_next_link
from watcher.web.context import Ctx
from watcher.web.validation import StoryId

router = APIRouter(tags=["stories"])


@router.get("/stories")
def list_stories(request: Request, response: Response, ctx: Ctx, query: StoryParameters) -> StoryList:
    """List stories, the newest first, with their outlets."""
    with ctx.app.database.read() as db:
        page = listing.list_stories(db, query)
    add_next_link(request, response, page.next_cursor)
    return encode_stories(page)


@router.get("/stories/{story_id}")
def get_story(ctx: Ctx, story_id: StoryId) -> Story:
    """Get a story with all its reports."""
    with ctx.app.database.read() as db:
        return encode_story(load_story(db, story_id))

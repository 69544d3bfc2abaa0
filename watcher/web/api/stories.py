"""Stories: the reports of one event, together."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from watcher.app import views
from watcher.store.stories.queries import find_stories, load_story
from watcher.web.api import models
from watcher.web.api import params as p
from watcher.web.context import Ctx
from watcher.web.validation import StoryId

router = APIRouter(tags=["stories"])


@router.get("/stories", response_model=models.Stories)
def list_stories(
    request: Request,
    ctx: Ctx,
    topic: p.Topics = None,
    source: p.Sources = None,
    since: p.Since = None,
    until: p.Until = None,
    language: p.Languages = None,
    limit: p.Limit = 20,
    cursor: p.Cursor = None,
) -> Response:
    """List stories, the newest first, with the outlets that tell them."""
    filters = p.filters_of(ctx, topic=topic, source=source, since=since, until=until, language=language)
    with ctx.app.database.read() as db:
        page = find_stories(db, filters, limit=limit, cursor=cursor)
    return p.listed(request, {"stories": [views.story(each) for each in page.items], "next_cursor": page.next_cursor})


@router.get("/stories/{story_id}", response_model=models.Story)
def get_story(ctx: Ctx, story_id: StoryId) -> Response:
    """Read one story with every telling of it."""
    with ctx.app.database.read() as db:
        return JSONResponse(views.story(load_story(db, story_id)))

"""Stories: one event, every outlet that tells it, in the order in which they did."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from watcher.errors import UsageError
from watcher.model.results import Page
from watcher.model.story import Story
from watcher.store.entries.queries import load_entries, load_entry_versions
from watcher.store.hits.queries import load_hits_of_entries
from watcher.store.stories.queries import find_stories, load_story
from watcher.web.context import Ctx
from watcher.web.pages.list_query import read_question
from watcher.web.pages.story_diff import tell
from watcher.web.validation import StoryId

router = APIRouter(include_in_schema=False)
PER_PAGE = 30


@router.get("/stories")
def list_stories(request: Request, ctx: Ctx) -> Response:
    """Show the stories, the newest first."""
    question = read_question(ctx, request.query_params)
    fault = question.fault
    page: Page[Story] = Page(items=())
    if fault is None:
        try:
            with ctx.app.database.read() as db:
                page = find_stories(db, question.filters, limit=PER_PAGE, cursor=question.cursor)
        except UsageError as error:
            fault = error
    return ctx.page(
        request,
        "stories.html",
        400 if fault else 200,
        question=question,
        page=page,
        fault=fault,
        topics=ctx.app.settings.topics,
    )


@router.get("/stories/{story_id}")
def show_story(request: Request, ctx: Ctx, story_id: StoryId) -> Response:
    """Show a story: outlets in order, copies beside what they copy, what each later report adds, and edits."""
    with ctx.app.database.read() as db:
        story = load_story(db, story_id)
        ids = [each.entry_id for each in story.tellings]
        stored = load_entries(db, ids)
        former = {entry_id: load_entry_versions(db, entry_id) for entry_id, each in stored.items() if each.version > 1}
        found = load_hits_of_entries(db, ids)
    return ctx.page(request, "story.html", story=story, tellings=tell(story, stored, former, found))

"""Stories: one event, all outlets that reported it, in the order of their reports."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from watcher.app import listing
from watcher.app.proposals import is_meaning_on
from watcher.app.story_brief import load_story_brief
from watcher.errors import UsageError
from watcher.model.results import Page
from watcher.model.story import Story
from watcher.store.entries.queries import load_entries, load_entry_versions
from watcher.store.hits.queries import load_hits_of_entries
from watcher.store.stories.queries import load_story
from watcher.web.context import Ctx
from watcher.web.pages.list_query import parse_page_query
from watcher.web.pages.story_diff import arrange_reports
from watcher.web.pages.story_growth import measure_growth
from watcher.web.validation import StoryId

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 30


@router.get("/stories")
def list_stories(request: Request, ctx: Ctx) -> Response:
    """Show the stories, the newest first."""
    question = parse_page_query(ctx, request.query_params, PAGE_SIZE)
    fault = question.fault
    page: Page[Story] = Page(items=())
    if fault is None:
        try:
            with ctx.app.database.read() as db:
                page = listing.list_stories(db, question.query)
        except UsageError as error:
            fault = error
    return ctx.render_page(
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
    """Show a story: who was first, how it grew, what each report adds, copies and edits."""
    with ctx.app.database.read() as db:
        story = load_story(db, story_id)
        brief = load_story_brief(db, story_id, ctx.now) if story.tellings else None
        ids = [report.entry_id for report in story.tellings]
        stored = load_entries(db, ids)
        versions = {
            entry_id: load_entry_versions(db, entry_id) for entry_id, entry in stored.items() if entry.version > 1
        }
        story_hits = load_hits_of_entries(db, ids)
    return ctx.render_page(
        request,
        "story.html",
        story=story,
        facts=brief.facts if brief else None,
        growth=measure_growth(brief.facts) if brief else (),
        is_meaning_on=is_meaning_on(ctx.app.settings),
        coverage=brief.coverage if brief else None,
        reports=arrange_reports(brief.facts, stored, versions, story_hits) if brief else (),
    )

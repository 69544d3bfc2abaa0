"""Stories: one event, all outlets that reported it, in the order of their reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.app import listing
from watcher.app.proposals import is_meaning_on
from watcher.app.story_brief import load_story_brief
from watcher.app.story_decisions import list_open_decisions, merge_other_story, split_off_reports, undo_decision
from watcher.app.story_importance import explain_importance
from watcher.errors import UsageError
from watcher.model.person import Role
from watcher.model.results import Page
from watcher.model.story import Story
from watcher.model.triage import Target, TargetKind
from watcher.store.entries.queries import load_entries, load_entry_versions
from watcher.store.hits.queries import get_newest_hit_id, load_hits_of_entries
from watcher.store.stories.facets import StoryVerdict, count_story_facets, count_unread_stories, list_judged_hits
from watcher.store.stories.queries import load_story
from watcher.store.triage.readers import load_reader
from watcher.web.auth.person import get_actor, get_person
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import SubmittedForm
from watcher.web.pages.kept_rows import StoryRowKeeper
from watcher.web.pages.list_query import PageQuery, parse_page_query
from watcher.web.pages.notes import load_shown_notes
from watcher.web.pages.row_marks import (
    ListCounts,
    RowMarks,
    describe_reader,
    list_people,
    load_list_side,
    load_row_marks,
    record_page_visit,
)
from watcher.web.pages.sidebar import get_sidebar
from watcher.web.pages.story_diff import arrange_reports
from watcher.web.pages.story_growth import measure_growth
from watcher.web.render.environment import link
from watcher.web.validation import MAX_ID, StoryId

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 30
_COUNTS = ListCounts(count_facets=count_story_facets, count_unread=count_unread_stories)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRows:
    """A page of stories, what its reader knows of them, and the hits that they are judged by."""

    page: Page[Story]
    marks: RowMarks
    verdicts: Mapping[int, tuple[StoryVerdict, ...]] = field(default_factory=dict)
    newest_hit_id: int = 0


@router.get("/stories")
def list_stories(request: Request, ctx: Ctx) -> Response:
    """Show the stories, those with the latest report first."""
    fragment = request.query_params.get("fragment") == "1"
    if not fragment:
        record_page_visit(ctx, request)
    question = parse_page_query(ctx, request, PAGE_SIZE, listing.STORY_ORDERS)
    fault = question.fault
    try:
        rows = _load_rows(ctx, question)
    except UsageError as error:
        fault = error
        rows = StoryRows(page=Page(items=()), marks=RowMarks(kind=TargetKind.STORY, reader=question.reader))
    return ctx.render_page(
        request,
        "stories_list.html" if fragment else "stories.html",
        400 if fault else 200,
        question=question,
        page=rows.page,
        fault=fault,
        base="/stories",
        marks=rows.marks,
        judged=rows.verdicts,
        rows=_make_row_keeper(ctx, request, question, rows),
        newest=rows.newest_hit_id,
        **({} if fragment else _load_side(ctx, question)),
    )


def _load_rows(ctx: WebContext, question: PageQuery) -> StoryRows:
    """Return a page of stories with what the reader knows of them, none where the query has a fault.

    Raises UsageError.
    """

    def load() -> StoryRows:
        """Read them."""
        with ctx.app.database.read() as db:
            page: Page[Story] = Page(items=())
            if question.fault is None:
                # The rows show the topics that the verdicts have.
                page = listing.list_stories(db, question.query, with_topics=False)
            return StoryRows(
                page=page,
                marks=load_row_marks(db, TargetKind.STORY, {story.id for story in page.items}, question.reader),
                verdicts=list_judged_hits(db, {story.id: story.lead.entry_id for story in page.items if story.lead}),
                newest_hit_id=get_newest_hit_id(db),
            )

    key = ("stories", link("/stories", question.typed), question.fault is None, describe_reader(question.reader))
    return ctx.get_unchanged(key, load)


def _make_row_keeper(
    ctx: WebContext,
    request: Request,
    question: PageQuery,
    rows: StoryRows,
) -> StoryRowKeeper:
    is_editor = get_person(request).role.includes(Role.EDITOR)
    return StoryRowKeeper(
        kept=ctx.fragments,
        marks=rows.marks,
        verdicts=rows.verdicts,
        topic_names=ctx.topic_names,
        frame=(link("/stories", question.params), is_editor),
        now=ctx.now,
    )


def _load_side(ctx: WebContext, question: PageQuery) -> dict[str, Any]:
    side = load_list_side(ctx, question, "/stories", _COUNTS, counted=question.fault is None)
    return {**side, **get_sidebar(ctx)}


@router.get("/stories/{story_id}")
def show_story(request: Request, ctx: Ctx, story_id: StoryId) -> Response:
    """Show a story: who was first, how it grew, what each report adds, copies and edits."""
    with ctx.app.database.read() as db:
        story = load_story(db, story_id)
        brief = load_story_brief(db, story.id, ctx.now) if story.reports else None
        decisions = list_open_decisions(db, story.id)
        ids = [report.entry_id for report in story.reports]
        stored = load_entries(db, ids)
        versions = {
            entry_id: load_entry_versions(db, entry_id) for entry_id, entry in stored.items() if entry.version > 1
        }
        story_hits = load_hits_of_entries(db, ids)
        importance = explain_importance(db, brief, story_hits, ctx.app.settings.subscriptions, ctx.now)
        reader = load_reader(db, get_person(request).name, ctx.now)
        marks = load_row_marks(db, TargetKind.STORY, [story.id], reader)
        notes = load_shown_notes(db, [Target(TargetKind.STORY, story.id)])
    return ctx.render_page(
        request,
        "story.html",
        story=story,
        marks=marks,
        notes=notes,
        people=list_people(ctx),
        person=reader.person,
        decisions=decisions,
        facts=brief.facts if brief else None,
        importance=importance,
        growth=measure_growth(brief.facts) if brief else (),
        is_meaning_on=is_meaning_on(ctx.app.settings),
        coverage=brief.coverage if brief else None,
        reports=arrange_reports(brief.facts, stored, versions, story_hits) if brief else (),
    )


@router.post("/stories/{story_id}/split")
async def split_shown_story(ctx: Ctx, story_id: StoryId, form: SubmittedForm) -> Response:
    """Move reports of a story into one of their own."""
    entries = [_parse_id(text) for text in form.get_all("entry")]

    def split() -> None:
        """Store the decision."""
        with ctx.app.database.write() as db:
            split_off_reports(db, story_id, entries, ctx.now, get_actor("page"))

    await run_in_threadpool(split)
    ctx.clear_cache()
    return RedirectResponse(f"/stories/{story_id}", 303)


@router.post("/stories/{story_id}/merge")
async def merge_shown_story(ctx: Ctx, story_id: StoryId, form: SubmittedForm) -> Response:
    """Move all reports of another story into this one."""
    other = _parse_id(form.get("story"))

    def merge() -> None:
        """Store the decision."""
        with ctx.app.database.write() as db:
            merge_other_story(db, story_id, other, ctx.now, get_actor("page"))

    await run_in_threadpool(merge)
    ctx.clear_cache()
    return RedirectResponse(f"/stories/{story_id}", 303)


@router.post("/stories/{story_id}/undo")
async def undo_shown_decision(ctx: Ctx, story_id: StoryId, form: SubmittedForm) -> Response:
    """Undo a split or a merge of a story."""
    decision = _parse_id(form.get("decision"))

    def undo() -> None:
        """Store that it was undone."""
        with ctx.app.database.write() as db:
            undo_decision(db, story_id, ctx.now, decision, get_actor("page"))

    await run_in_threadpool(undo)
    ctx.clear_cache()
    return RedirectResponse(f"/stories/{story_id}", 303)


def _parse_id(text: str) -> int:
    typed = text.strip().removeprefix("#")
    if not typed.isascii() or not typed.isdigit() or not 0 < int(typed[:20]) <= MAX_ID:
        raise UsageError(f"{text[:40]!r} is not a number of a story or report")
    return int(typed)

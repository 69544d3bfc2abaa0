"""The list of hits with their evidence, the topics beside them, and the status of the watcher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from watcher.app.listing import list_hits
from watcher.app.setup.first_start import is_setup_needed
from watcher.errors import UsageError
from watcher.model.person import Role
from watcher.model.results import Page, StoredHit
from watcher.model.triage import TargetKind
from watcher.store.hits.facets import count_hit_facets, count_unread_hits
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.pages.hit_groups import group_by_entry, group_by_story
from watcher.web.pages.kept_rows import RowKeeper
from watcher.web.pages.list_query import PageQuery, parse_page_query
from watcher.web.pages.proposals import get_related
from watcher.web.pages.row_marks import ListCounts, RowMarks, load_list_side, load_row_marks, record_page_visit
from watcher.web.pages.sidebar import get_sidebar
from watcher.web.render.environment import link

router = APIRouter(include_in_schema=False)
_COUNTS = ListCounts(count_facets=count_hit_facets, count_unread=count_unread_hits)


@router.get("/")
@router.get("/hits")
def show_hits(request: Request, ctx: Ctx) -> Response:
    """Show the stored hits, newest first, grouped by story; the first-start page where nothing is watched yet."""
    if request.url.path == "/" and ctx.fetcher is not None and is_setup_needed(ctx.app.settings):
        return RedirectResponse("/setup", 303)
    # A fragment is what the script adds below the list: it needs neither the frame nor the sidebar.
    fragment = request.query_params.get("fragment") == "1"
    if not fragment:
        record_page_visit(ctx, request)
    question = parse_page_query(ctx, request)
    question, page, marks = _load_page(ctx, question, get_match_budget(request).is_spent)
    groups = group_by_story(group_by_entry(page.items), enabled=question.grouped)
    return ctx.render_page(
        request,
        "hits_list.html" if fragment else "hits.html",
        400 if question.fault else 200,
        question=question,
        groups=[group for group in groups if not group.is_weak],
        weak_groups=[group for group in groups if group.is_weak],
        page=page,
        base="/hits",
        newest=max((hit.id for hit in page.items), default=0),
        rows=_make_row_keeper(ctx, request, question, marks),
        **({} if fragment else {**get_sidebar(ctx), **_get_related(ctx, question), **_load_side(ctx, question)}),
    )


def _make_row_keeper(ctx: WebContext, request: Request, question: PageQuery, marks: RowMarks) -> RowKeeper:
    is_editor = get_person(request).role.includes(Role.EDITOR)
    return RowKeeper(
        kept=ctx.fragments,
        marks=marks,
        topic_names=ctx.topic_names,
        frame=(link("/hits", question.params), is_editor),
        ago_from=None if question.order == "new" else ctx.now,
    )


def _load_side(ctx: WebContext, question: PageQuery) -> dict[str, Any]:
    counted = question.fault is None and question.query.search is None
    return load_list_side(ctx, question, "/hits", _COUNTS, counted=counted)


def _get_related(ctx: WebContext, question: PageQuery) -> dict[str, Any]:
    """Return the open proposals beside the first page of a list that is narrowed by topics alone."""
    if question.fault is not None or question.query.cursor or question.typed["q"] or question.is_narrowed:
        return {"related": (), "related_count": 0, "budgets": ()}
    topics = tuple(question.typed["topic"])
    related = {"related_next": link("/hits", question.params), "related_all": link("/proposals", {"topic": topics})}
    return {**get_related(ctx, topics), **related}


def _load_page(
    ctx: WebContext, question: PageQuery, stop: Callable[[], bool]
) -> tuple[PageQuery, Page[StoredHit], RowMarks]:
    """Return the hits and what the reader knows of them; the query with its fault where they cannot be listed."""
    page: Page[StoredHit] = Page(items=())
    with ctx.app.database.read() as db:
        if question.fault is None:
            try:
                page = list_hits(db, question.query, stop)
            except UsageError as error:
                question = replace(question, fault=error)
        ids = {hit.stored.id for hit in page.items}
        return question, page, load_row_marks(db, TargetKind.ENTRY, ids, question.reader)

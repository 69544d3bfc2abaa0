"""The list of hits with their evidence, the topics beside them, and the status of the watcher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.app.listing import list_hits
from watcher.errors import UsageError
from watcher.model.results import Page, StoredHit
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.pages.hit_groups import group_by_entry, group_by_story
from watcher.web.pages.list_query import PageQuery, parse_page_query
from watcher.web.pages.sidebar import get_sidebar

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/hits")
def show_hits(request: Request, ctx: Ctx) -> Response:
    """Show the stored hits, newest first, grouped by story."""
    question = parse_page_query(ctx, request.query_params)
    question, page = _load_page(ctx, question, get_match_budget(request).is_spent)
    rows = group_by_entry(page.items, question.query.search)
    fragment = request.query_params.get("fragment") == "1"
    return ctx.render_page(
        request,
        "hits_list.html" if fragment else "hits.html",
        400 if question.fault else 200,
        question=question,
        groups=group_by_story(rows, enabled=question.grouped),
        page=page,
        base="/hits",
        newest=max((hit.id for hit in page.items), default=0),
        **({} if fragment else get_sidebar(ctx)),
    )


def _load_page(ctx: WebContext, question: PageQuery, stop: Callable[[], bool]) -> tuple[PageQuery, Page[StoredHit]]:
    if question.fault is not None:
        return question, Page(items=())
    try:
        with ctx.app.database.read() as db:
            return question, list_hits(db, question.query, stop)
    except UsageError as error:
        return replace(question, fault=error), Page(items=())

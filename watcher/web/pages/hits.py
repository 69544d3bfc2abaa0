"""The desk: hits with their evidence, the topics beside them, and how the machine does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.errors import UsageError
from watcher.model.results import Page, StoredHit
from watcher.store.hits.search import find_hits
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.pages.hit_groups import groups_of, rows_of
from watcher.web.pages.list_query import PER_PAGE, Question, read_question
from watcher.web.pages.sidebar import desk

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/hits")
def show_hits(request: Request, ctx: Ctx) -> Response:
    """Show the stored hits, newest first, grouped by story."""
    question = read_question(ctx, request.query_params)
    question, page = _found(ctx, question, get_match_budget(request).enough)
    rows = rows_of(page.items, question.query)
    fragment = request.query_params.get("fragment") == "1"
    return ctx.page(
        request,
        "hits_list.html" if fragment else "hits.html",
        400 if question.fault else 200,
        question=question,
        groups=groups_of(rows, by_story=question.grouped),
        page=page,
        base="/hits",
        newest=max((hit.id for hit in page.items), default=0),
        **({} if fragment else desk(ctx)),
    )


def _found(ctx: WebContext, question: Question, enough: Callable[[], bool]) -> tuple[Question, Page[StoredHit]]:
    if question.fault is not None:
        return question, Page(items=())
    try:
        with ctx.app.database.read() as db:
            return question, find_hits(
                db,
                question.filters,
                query=question.query,
                order=question.order,
                limit=PER_PAGE,
                cursor=question.cursor,
                enough=enough,
            )
    except UsageError as error:
        return replace(question, fault=error), Page(items=())

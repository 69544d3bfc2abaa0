"""The archive: every stored entry, matched by a topic or not, searched in the topic language."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.errors import UsageError
from watcher.model.results import Page, SearchResult
from watcher.store.entries.search import search_entries
from watcher.store.hits.queries import load_hits_of_entries
from watcher.web.context import Ctx, get_match_budget
from watcher.web.pages.list_query import PER_PAGE, read_question
from watcher.web.pages.sidebar import desk

router = APIRouter(include_in_schema=False)


@router.get("/archive")
def show_archive(request: Request, ctx: Ctx) -> Response:
    """Show the entries that a search finds, newest first."""
    question = read_question(ctx, request.query_params)
    page: Page[SearchResult] = Page(items=())
    topics_of: defaultdict[int, list[str]] = defaultdict(list)
    if question.fault is None:
        try:
            with ctx.app.database.read() as db:
                page = search_entries(
                    db,
                    question.query,
                    question.filters,
                    order=question.order,
                    limit=PER_PAGE,
                    cursor=question.cursor,
                    enough=get_match_budget(request).enough,
                )
                for hit in load_hits_of_entries(db, [match.stored.id for match in page.items]):
                    topics_of[hit.stored.id].append(hit.hit.topic_id)
        except UsageError as error:
            question = replace(question, fault=error)
    return ctx.page(
        request,
        "archive.html",
        400 if question.fault else 200,
        question=question,
        page=page,
        base="/archive",
        topics_of=topics_of,
        **desk(ctx),
    )

"""Search over every stored entry, matched by a topic or not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.app.listing import search_entries
from watcher.app.proposals import is_meaning_on
from watcher.app.similar import search_by_meaning
from watcher.errors import BusyError, EncoderFault, EncoderUnavailable, UsageError
from watcher.model.results import Page, SearchResult
from watcher.store.hits.queries import load_hits_of_entries
from watcher.web.context import Ctx, get_match_budget
from watcher.web.pages.list_query import parse_page_query
from watcher.web.pages.row_marks import list_view_lines
from watcher.web.pages.sidebar import get_sidebar

router = APIRouter(include_in_schema=False)


@router.get("/archive")
def show_archive(request: Request, ctx: Ctx) -> Response:
    """Show the entries that a search matches, newest first."""
    question = parse_page_query(ctx, request)
    page: Page[SearchResult] = Page(items=())
    topics_of: defaultdict[int, list[str]] = defaultdict(list)
    if question.fault is None:
        try:
            like = question.typed["like"]
            if like is not None:
                page = search_by_meaning(ctx.app, question.query, like, ctx.now)
            with ctx.app.database.read() as db:
                if like is None:
                    page = search_entries(db, question.query, get_match_budget(request).is_spent)
                for hit in load_hits_of_entries(db, [match.stored.id for match in page.items]):
                    topics_of[hit.stored.id].append(hit.hit.topic_id)
        except (UsageError, BusyError, EncoderUnavailable, EncoderFault) as error:
            question = replace(question, fault=error)
    return ctx.render_page(
        request,
        "archive.html",
        400 if question.fault else 200,
        question=question,
        page=page,
        base="/archive",
        is_meaning_on=is_meaning_on(ctx.app.settings),
        topics_of=topics_of,
        views=list_view_lines(ctx, question.reader),
        facets=None,
        **get_sidebar(ctx),
    )

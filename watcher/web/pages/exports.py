"""What a list shows, taken along: CSV, JSON lines, Markdown, Atom, under the list's own filters."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from watcher.app import views
from watcher.app.spreadsheet import HIT_COLUMNS, format_csv, hit_row
from watcher.app.syndication import atom
from watcher.model.results import StoredHit
from watcher.store.hits.search import find_hits
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import EXPORT_PATIENCE
from watcher.web.pages.list_query import read_question

router = APIRouter(include_in_schema=False)
MOST = 5_000


@router.get("/hits.csv")
def as_csv(request: Request, ctx: Ctx) -> Response:
    """Give the hits as CSV that a spreadsheet takes for text: no cell can be a formula."""
    rows = (hit_row(views.hit(hit)) for hit in _shown(request, ctx))
    return _file(format_csv(HIT_COLUMNS, rows), "text/csv; charset=utf-8", "hits.csv")


@router.get("/hits.jsonl")
def as_lines(request: Request, ctx: Ctx) -> Response:
    """Give the hits as JSON, one a line."""
    lines = (json.dumps(views.hit(hit), ensure_ascii=False) + "\n" for hit in _shown(request, ctx))
    return _file("".join(lines), "application/x-ndjson; charset=utf-8", "hits.jsonl")


@router.get("/hits.md")
def as_markdown(request: Request, ctx: Ctx) -> Response:
    """Give the hits as a Markdown list."""
    said = "".join(_line(views.hit(hit)) for hit in _shown(request, ctx))
    return _file(said, "text/markdown; charset=utf-8", "hits.md")


@router.get("/hits.atom")
def as_atom(request: Request, ctx: Ctx) -> Response:
    """Give the hits as an Atom feed: a search to subscribe to."""
    base = (ctx.gate.base_url or str(request.base_url)).rstrip("/")
    query = f"?{request.url.query}" if request.url.query else ""
    said = atom("Hits", f"{base}/hits{query}", _shown(request, ctx)[:100], url=f"{base}/hits.atom{query}")
    return Response(said, media_type="application/atom+xml; charset=utf-8")


def _shown(request: Request, ctx: WebContext) -> Sequence[StoredHit]:
    question = read_question(ctx, request.query_params)
    get_match_budget(request).allow(EXPORT_PATIENCE)
    if question.fault is not None:
        raise question.fault
    found: list[StoredHit] = []
    cursor = question.cursor
    with ctx.app.database.read() as db:
        while len(found) < MOST:
            page = find_hits(db, question.filters, query=question.query, order=question.order, limit=500, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    return found[:MOST]


def _line(hit: dict[str, Any]) -> str:
    entry = hit["entry"]
    url = (entry["url"] or "").replace("<", "%3C").replace(">", "%3E")
    title = _plain(entry["title"])
    named = f"[{title}](<{url}>)" if url else title
    return f"- {named} – {_plain(entry['source'])}, {hit['matched_at']} ({hit['topic']})\n"


def _plain(said: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", " ".join(said.split()))


def _file(said: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(said, media_type=media_type, headers=headers)

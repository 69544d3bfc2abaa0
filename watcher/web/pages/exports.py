"""Downloads of a list of hits under its filters: CSV, JSON lines, Markdown, Atom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.app.export import export_hits_atom, export_hits_csv, export_hits_jsonl, export_hits_markdown
from watcher.app.listing import list_hits
from watcher.contract.hits import encode_hit
from watcher.model.results import StoredHit
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import EXPORT_TIME
from watcher.web.pages.list_query import parse_page_query

router = APIRouter(include_in_schema=False)
MAX_EXPORTED_HITS = 5_000
MAX_ATOM_ENTRIES = 100
BATCH_SIZE = 500


@router.get("/hits.csv")
def download_csv(request: Request, ctx: Ctx) -> Response:
    """Return the hits as CSV in which no cell can be a formula."""
    body = export_hits_csv(map(encode_hit, _list_exported_hits(request, ctx)))
    return _make_download(body, "text/csv; charset=utf-8", "hits.csv")


@router.get("/hits.jsonl")
def download_jsonl(request: Request, ctx: Ctx) -> Response:
    """Return the hits as JSON, one a line."""
    body = export_hits_jsonl(map(encode_hit, _list_exported_hits(request, ctx)))
    return _make_download(body, "application/x-ndjson; charset=utf-8", "hits.jsonl")


@router.get("/hits.md")
def download_markdown(request: Request, ctx: Ctx) -> Response:
    """Return the hits as a Markdown list."""
    body = export_hits_markdown(map(encode_hit, _list_exported_hits(request, ctx)))
    return _make_download(body, "text/markdown; charset=utf-8", "hits.md")


@router.get("/hits.atom")
def get_hits_atom(request: Request, ctx: Ctx) -> Response:
    """Return the newest hits as an Atom feed: a search to subscribe to."""
    base = (ctx.gate.base_url or str(request.base_url)).rstrip("/")
    query = f"?{request.url.query}" if request.url.query else ""
    exported = _list_exported_hits(request, ctx)[:MAX_ATOM_ENTRIES]
    body = export_hits_atom("Hits", f"{base}/hits{query}", exported, url=f"{base}/hits.atom{query}")
    return Response(body, media_type="application/atom+xml; charset=utf-8")


def _list_exported_hits(request: Request, ctx: WebContext) -> Sequence[StoredHit]:
    question = parse_page_query(ctx, request, BATCH_SIZE)
    get_match_budget(request).allow(EXPORT_TIME)
    if question.fault is not None:
        raise question.fault
    exported: list[StoredHit] = []
    query = question.query
    with ctx.app.database.read() as db:
        while len(exported) < MAX_EXPORTED_HITS:
            page = list_hits(db, query)
            exported += page.items
            if page.next_cursor is None:
                break
            query = replace(query, cursor=page.next_cursor)
    return exported[:MAX_EXPORTED_HITS]


def _make_download(body: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)

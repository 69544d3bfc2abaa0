"""Adding feeds: by address, with what a page offers; and whole lists of them, OPML in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.errors import ConfigError, ParseError, UsageError, WatcherError
from watcher.fetch import discover
from watcher.model.feed import FeedConfig
from watcher.parse.opml import format_opml, parse_opml
from watcher.settings.edit_feeds import add_sources, remove_source
from watcher.settings.feeds import find_source, make_source, same_address
from watcher.store.feeds.commands import resume_feed
from watcher.text.redact import strip_userinfo
from watcher.text.urls import http_url
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import Filled, back_to
from watcher.web.reload import reload_now

router = APIRouter(include_in_schema=False)
LONGEST = 2_000


@router.get("/feeds/add")
def ask(request: Request, ctx: Ctx) -> Response:
    """Show the form."""
    return _page(request, ctx)


@router.post("/feeds/add")
async def add(request: Request, ctx: Ctx, form: Filled) -> Response:
    """Look for the feeds of an address; or add the ones that were chosen. All fetching goes through the guard."""
    chosen = form.all("feed")
    try:
        if chosen:
            sources = [
                make_source({"url": _address(url), "title": form.get(f"title:{url}")[:300]}) for url in chosen[:50]
            ]
            count = await _added(ctx, sources)
            return RedirectResponse(f"/feeds?added={count}", 303)
        if ctx.fetcher is None:
            raise UsageError("nothing can be fetched ctx: add the feed with `watcher feeds add URL`")
        url = _address(form.get("url"))
        found = await discover(ctx.fetcher, url)
        if not found:
            raise UsageError("no feed was found there")
    except (UsageError, ParseError, ConfigError) as error:
        return _page(request, ctx, 400, url=form.get("url"), fault=error)
    known = {same_address(source.request_url) for source in ctx.app.settings.sources}
    offers = [{"feed": each, "known": same_address(strip_userinfo(each.url)) in known} for each in found]
    return _page(request, ctx, url=url, offers=offers)


@router.post("/feeds/import")
async def import_list(request: Request, ctx: Ctx, form: Filled) -> Response:
    """Add the feeds of an OPML list; folders become tags, and known feeds stay as they are."""
    try:
        outlines = await run_in_threadpool(parse_opml, await form.file("opml"))
        if outlines.note:
            raise UsageError(f"the list names no feed: {outlines.note}")
        sources = [source for outline in outlines.sources if (source := _make_source_or_none(outline)) is not None]
        count = await _added(ctx, sources)
        if outlines.damage:
            raise UsageError(f"the list is {outlines.damage}; feeds added: {count}")
    except (ParseError, UsageError, ConfigError) as error:
        return _page(request, ctx, 400, fault=error)
    skipped = len(outlines.sources) - len(sources)
    return RedirectResponse(f"/feeds?added={count}" + (f"&skipped={skipped}" if skipped else ""), 303)


@router.get("/feeds.opml")
def export(ctx: Ctx) -> Response:
    """Give the configured feeds as OPML."""
    said = format_opml(ctx.app.settings.sources, "Feeds of news-watcher", ctx.now)
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(said, media_type="text/x-opml; charset=utf-8", headers=headers)


@router.post("/feeds/remove")
async def remove(ctx: Ctx, form: Filled) -> Response:
    """Take a feed out of feeds.yaml; what it brought stays."""
    url = _find_known_url(ctx, form.get("url"))
    await run_in_threadpool(remove_source, ctx.app.settings.folder, ctx.app.environ, url)
    await reload_now(ctx)
    return back_to("/feeds", "/feeds")


@router.post("/feeds/resume")
async def resume(ctx: Ctx, form: Filled) -> Response:
    """Ask a feed again that is gone, blocked or backed off."""
    url = _find_known_url(ctx, form.get("url"))

    def again() -> None:
        with ctx.app.database.write() as db:
            resume_feed(db, url, ctx.now)

    await run_in_threadpool(again)
    ctx.forget()
    return back_to(form.get("next"), "/feeds")


async def _added(ctx: WebContext, sources: list[FeedConfig]) -> int:
    known = {same_address(source.request_url) for source in ctx.app.settings.sources}
    fresh: dict[str, FeedConfig] = {}
    for source in sources:
        if same_address(source.request_url) not in known:
            fresh.setdefault(same_address(source.request_url), source)
    if fresh:
        await run_in_threadpool(add_sources, ctx.app.settings.folder, ctx.app.environ, list(fresh.values()))
        await reload_now(ctx)
    return len(fresh)


def _find_known_url(ctx: WebContext, url: str) -> str:
    """Return the address that a feed is known by, of any spelling of it."""
    source = find_source(ctx.app.settings.sources, url)
    return source.url if source else url


def _make_source_or_none(outline: FeedConfig) -> FeedConfig | None:
    """Return the feed of an outline; None where its address holds `***` or `${NAME}` in place of a secret."""
    facts = {"url": outline.url, "title": outline.title, "tags": outline.tags, "language": outline.language}
    try:
        return make_source(facts)
    except UsageError:
        return None


def _address(said: str) -> str:
    said = said.strip()
    url = http_url(said if "://" in said else f"https://{said}") if said and len(said) < LONGEST else None
    if url is None:
        raise UsageError("this is no http(s) address")
    return url


def _page(
    request: Request,
    ctx: WebContext,
    status: int = 200,
    *,
    url: str = "",
    offers: list[dict[str, object]] | None = None,
    fault: WatcherError | None = None,
) -> Response:
    return ctx.page(request, "feeds_add.html", status, url=url, offers=offers or [], fault=fault)

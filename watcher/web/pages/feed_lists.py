"""Adding feeds: by address, with what a page offers; and OPML lists of them, in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.app.configuration.editor import Editor
from watcher.app.configuration.feeds import delete_feed
from watcher.app.feeds import KnownFeeds, add_feeds, make_feed, plan_import
from watcher.errors import ConfigError, ParseError, UsageError, WatcherError
from watcher.fetch import Candidate, discover
from watcher.model.feed import FeedConfig
from watcher.parse.opml import format_opml
from watcher.settings.edit_history import Origin
from watcher.settings.feeds import find_source
from watcher.store.feeds.commands import resume_feed
from watcher.text.urls import http_url
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import save
from watcher.web.forms import SubmittedForm, redirect_back
from watcher.web.pages.edits import save_and_redirect

router = APIRouter(include_in_schema=False)
MAX_ADDRESS_LENGTH = 2_000
MAX_TITLE_LENGTH = 300
MAX_FEEDS_PER_FORM = 50


@router.get("/feeds/add")
def show_feed_form(request: Request, ctx: Ctx) -> Response:
    """Show the form."""
    return _render_form(request, ctx)


@router.post("/feeds/add")
async def discover_or_add_feeds(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Find the feeds of an address, or add those that were chosen. All fetching goes through the guard."""
    chosen = form.get_all("feed")
    try:
        if chosen:
            sources = [
                make_feed(_parse_address(url), title=form.get(f"title:{url}")[:MAX_TITLE_LENGTH])
                for url in chosen[:MAX_FEEDS_PER_FORM]
            ]
            count = await _add_feeds(ctx, sources)
            return RedirectResponse(f"/feeds?added={count}", 303)
        if ctx.fetcher is None:
            raise UsageError("Nothing can be fetched here. Add the feed with `watcher feeds add URL`.")
        url = _parse_address(form.get("url"))
        candidates = await discover(ctx.fetcher, url)
        if not candidates:
            raise UsageError("No feed was found there.")
    except (UsageError, ParseError, ConfigError) as error:
        return _render_form(request, ctx, 400, url=form.get("url"), fault=error)
    known = KnownFeeds(ctx.app.settings.sources)
    offers = [{"feed": candidate, "known": _is_known(known, candidate)} for candidate in candidates]
    return _render_form(request, ctx, url=url, offers=offers)


@router.post("/feeds/import")
async def import_feeds(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Add the feeds of an OPML list; folders become tags, and feeds that are watched already stay as they are."""
    try:
        plan = await run_in_threadpool(plan_import, ctx.app.settings.sources, await form.read_file("opml"))
        if plan.note:
            raise UsageError(f"The list names no feed: {plan.note}")
        count = await _add_feeds(ctx, list(plan.added))
        if plan.damage:
            raise UsageError(f"The list is {plan.damage}. Feeds added: {count}.")
    except (ParseError, UsageError, ConfigError) as error:
        return _render_form(request, ctx, 400, fault=error)
    skipped = f"&skipped={len(plan.skipped)}" if plan.skipped else ""
    return RedirectResponse(f"/feeds?added={count}{skipped}", 303)


@router.get("/feeds.opml")
def export_feeds(ctx: Ctx) -> Response:
    """Return the configured feeds as OPML, without secrets."""
    body = format_opml(ctx.app.settings.sources, "Feeds of news-watcher", ctx.now)
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(body, media_type="text/x-opml; charset=utf-8", headers=headers)


@router.post("/feeds/remove")
async def remove_configured_feed(ctx: Ctx, form: SubmittedForm) -> Response:
    """Remove a feed from feeds.yaml; its entries stay."""
    url = _find_configured_url(ctx, form.get("url"))
    return await save_and_redirect(ctx, lambda editor: delete_feed(editor, url, "*"), "/feeds")


@router.post("/feeds/resume")
async def resume_stopped_feed(ctx: Ctx, form: SubmittedForm) -> Response:
    """Schedule a stopped feed now: one that is gone, blocked or backed off."""
    url = _find_configured_url(ctx, form.get("url"))

    def resume() -> None:
        """Schedule the feed now."""
        with ctx.app.database.write() as db:
            resume_feed(db, url, ctx.now)

    await run_in_threadpool(resume)
    ctx.clear_cache()
    return redirect_back(form.get("next"), "/feeds")


async def _add_feeds(ctx: WebContext, sources: list[FeedConfig]) -> int:
    """Write the feeds that are not watched yet, and return how many."""

    def add(editor: Editor) -> int:
        """Write the feeds that nobody has added meanwhile."""
        settings, origin = ctx.app.settings, Origin(by="page", at=editor.now)
        return len(add_feeds(settings.folder, ctx.app.environ, settings.sources, sources, origin))

    return await save(ctx, "page", add)


def _is_known(known: KnownFeeds, candidate: Candidate) -> bool:
    try:
        return known.find_duplicate(make_feed(candidate.url)) is not None
    except UsageError:
        return False  # `***` or `${NAME}` in the address: refused when it is added


def _find_configured_url(ctx: WebContext, url: str) -> str:
    """Return the address that a feed is configured under, for any spelling of it."""
    source = find_source(ctx.app.settings.sources, url)
    return source.url if source else url


def _parse_address(text: str) -> str:
    text = text.strip()
    url = http_url(text if "://" in text else f"https://{text}") if 0 < len(text) < MAX_ADDRESS_LENGTH else None
    if url is None:
        raise UsageError("This is not an http(s) address.")
    return url


def _render_form(
    request: Request,
    ctx: WebContext,
    status: int = 200,
    *,
    url: str = "",
    offers: list[dict[str, object]] | None = None,
    fault: WatcherError | None = None,
) -> Response:
    return ctx.render_page(request, "feeds_add.html", status, url=url, offers=offers or [], fault=fault)

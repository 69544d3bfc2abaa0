"""Adding feeds: by address, with what a page offers; and whole lists of them, OPML in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.errors import ConfigError, ParseError, UsageError, WatcherError
from watcher.fetch import discover
from watcher.model.feed import Source
from watcher.parse.opml import read_opml, write_opml
from watcher.settings.edit_feeds import add_sources, remove_source
from watcher.settings.feeds import find_source, make_source, same_address
from watcher.store import feeds
from watcher.text.redact import strip_userinfo
from watcher.text.urls import http_url
from watcher.web.forms import Filled, back_to
from watcher.web.reloading import reload_now
from watcher.web.site import Here, Site

router = APIRouter(include_in_schema=False)
LONGEST = 2_000


@router.get("/feeds/add")
def ask(request: Request, here: Here) -> Response:
    """Show the form."""
    return _page(request, here)


@router.post("/feeds/add")
async def add(request: Request, here: Here, form: Filled) -> Response:
    """Look for the feeds of an address; or add the ones that were chosen. All fetching goes through the guard."""
    chosen = form.all("feed")
    try:
        if chosen:
            sources = [
                make_source({"url": _address(url), "title": form.get(f"title:{url}")[:300]}) for url in chosen[:50]
            ]
            count = await _added(here, sources)
            return RedirectResponse(f"/feeds?added={count}", 303)
        if here.fetcher is None:
            raise UsageError("nothing can be fetched here: add the feed with `watcher feeds add URL`")
        url = _address(form.get("url"))
        found = await discover(here.fetcher, url)
        if not found:
            raise UsageError("no feed was found there")
    except (UsageError, ParseError, ConfigError) as error:
        return _page(request, here, 400, url=form.get("url"), fault=error)
    known = {same_address(source.request_url) for source in here.app.settings.sources}
    offers = [{"feed": each, "known": same_address(strip_userinfo(each.url)) in known} for each in found]
    return _page(request, here, url=url, offers=offers)


@router.post("/feeds/import")
async def import_list(request: Request, here: Here, form: Filled) -> Response:
    """Add the feeds of an OPML list; folders become tags, and known feeds stay as they are."""
    try:
        outlines = await run_in_threadpool(read_opml, await form.file("opml"))
        if outlines.note:
            raise UsageError(f"the list names no feed: {outlines.note}")
        sources = [source for outline in outlines.sources if (source := _make_source_or_none(outline)) is not None]
        count = await _added(here, sources)
        if outlines.damage:
            raise UsageError(f"the list is {outlines.damage}; feeds added: {count}")
    except (ParseError, UsageError, ConfigError) as error:
        return _page(request, here, 400, fault=error)
    skipped = len(outlines.sources) - len(sources)
    return RedirectResponse(f"/feeds?added={count}" + (f"&skipped={skipped}" if skipped else ""), 303)


@router.get("/feeds.opml")
def export(here: Here) -> Response:
    """Give the configured feeds as OPML."""
    said = write_opml(here.app.settings.sources, "Feeds of news-watcher", here.now)
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(said, media_type="text/x-opml; charset=utf-8", headers=headers)


@router.post("/feeds/remove")
async def remove(here: Here, form: Filled) -> Response:
    """Take a feed out of feeds.yaml; what it brought stays."""
    url = _find_known_url(here, form.get("url"))
    await run_in_threadpool(remove_source, here.app.settings.folder, here.app.environ, url)
    await reload_now(here)
    return back_to("/feeds", "/feeds")


@router.post("/feeds/resume")
async def resume(here: Here, form: Filled) -> Response:
    """Ask a feed again that is gone, blocked or backed off."""
    url = _find_known_url(here, form.get("url"))

    def again() -> None:
        with here.app.database.write() as db:
            feeds.resume(db, url, here.now)

    await run_in_threadpool(again)
    here.forget()
    return back_to(form.get("next"), "/feeds")


async def _added(here: Site, sources: list[Source]) -> int:
    known = {same_address(source.request_url) for source in here.app.settings.sources}
    fresh: dict[str, Source] = {}
    for source in sources:
        if same_address(source.request_url) not in known:
            fresh.setdefault(same_address(source.request_url), source)
    if fresh:
        await run_in_threadpool(add_sources, here.app.settings.folder, here.app.environ, list(fresh.values()))
        await reload_now(here)
    return len(fresh)


def _find_known_url(here: Site, url: str) -> str:
    """Return the address that a feed is known by, of any spelling of it."""
    source = find_source(here.app.settings.sources, url)
    return source.url if source else url


def _make_source_or_none(outline: Source) -> Source | None:
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
    here: Site,
    status: int = 200,
    *,
    url: str = "",
    offers: list[dict[str, object]] | None = None,
    fault: WatcherError | None = None,
) -> Response:
    return here.page(request, "feeds_add.html", status, url=url, offers=offers or [], fault=fault)

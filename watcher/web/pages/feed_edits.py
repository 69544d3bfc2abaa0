"""A feed changed in a form: title, tags, interval, address, login; pause; find it again where it moved."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Request, Response

from watcher.app.configuration import feeds as use_cases
from watcher.app.configuration.feeds import encode_feed_settings, find_configured_feed
from watcher.app.feeds import complete_address
from watcher.contract.configuration import FeedEdit
from watcher.errors import ParseError, UsageError, WatcherError
from watcher.fetch import Candidate, discover
from watcher.store.feeds.queries import load_feed
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor, save_edit
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import list_faults, pick_changes, redirect_saved, split_commas, split_lines, try_edit

router = APIRouter(include_in_schema=False)
Url = Query(max_length=4000)


@router.get("/feeds/edit")
def show_feed_form(request: Request, ctx: Ctx, url: str = Url) -> Response:
    """Show a feed's form, without its secrets."""
    return _render_form(request, ctx, url)


@router.post("/feeds/edit")
async def change_feed(request: Request, ctx: Ctx, form: SubmittedForm, url: str = Url) -> Response:
    """Change a feed; a secret that is left empty stays."""
    source = find_configured_feed(ctx.app.settings.sources, url)
    before = encode_feed_settings(make_editor(ctx, "page"), source)
    typed = _read_form(form)
    etag = form.get("etag")

    async def change() -> Response:
        """Write what was changed."""
        edit: FeedEdit = pick_changes(before, typed)  # type: ignore[assignment]
        if password := form.get("password"):
            edit["password"] = password
        if cookie := form.get("cookie").strip():
            edit["cookie"] = cookie
        if lines := split_lines(form.get("headers")):
            edit["headers"] = _read_headers(lines)
        removed: FeedEdit = {key: None for key in form.get_all("remove") if key in use_cases.SECRETS}  # type: ignore[assignment]
        if "password" in removed:
            edit["username"] = None
        edit = {**edit, **removed}
        new_url, version = await save_edit(ctx, "page", lambda editor: use_cases.update_feed(editor, url, edit, etag))
        return redirect_saved(version, "/feeds/show", url=new_url)

    return await try_edit(
        change, lambda error, status: _render_form(request, ctx, url, {**before, **typed}, error, status)
    )


@router.post("/feeds/find")
async def find_feed_again(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Look for the feed of a site again, where the address that is configured brings none."""
    url = form.get("url")
    source = find_configured_feed(ctx.app.settings.sources, url)
    if ctx.fetcher is None:
        raise UsageError("Nothing can be fetched here.")
    with ctx.app.database.read() as db:
        site = load_feed(db, source.url).site_url
    places = [form.get("site").strip(), site or "", "/".join(source.url.split("/", 3)[:3])]
    fault: WatcherError | None = None
    offers: list[Candidate] = []
    # What was typed comes first, then the site that the feed named, then the host of its address.
    for place in dict.fromkeys(place for place in places if place):
        try:
            offers = list(await discover(ctx.fetcher, complete_address(place)))
        except (ParseError, UsageError) as error:
            fault = error
        if offers:
            break
    if not offers and fault is None:
        fault = UsageError("No feed was found on this site.")
    return _render_form(request, ctx, url, None, None if offers else fault, 200 if offers else 400, offers)


@router.post("/feeds/act")
async def act_on_feed(ctx: Ctx, form: SubmittedForm) -> Response:
    """Pause or resume a feed, or take another address for it."""
    url, do = form.get("url"), form.get("do")
    edits: dict[str, FeedEdit] = {
        "pause": {"paused": True}, "resume": {"paused": False}, "move": {"url": form.get("address")},
    }  # fmt: skip
    if do not in edits:
        raise UsageError("This form has no such button.")
    new_url, version = await save_edit(ctx, "page", lambda editor: use_cases.update_feed(editor, url, edits[do], "*"))
    return redirect_saved(version, "/feeds/show", url=new_url)


def _read_form(form: Form) -> dict[str, Any]:
    return {
        "url": form.get("url").strip(),
        "title": " ".join(form.get("title").split()),
        "tags": split_commas(form.get("tags")),
        "language": form.get("language").strip() or None,
        "interval": form.get("interval").strip() or None,
        "fulltext": bool(form.get("fulltext")),
        "paused": bool(form.get("paused")),
        "username": form.get("username").strip() or None,
        "user_agent": form.get("user_agent").strip() or None,
    }


def _read_headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise UsageError("Write each header as Name: value.")
        headers[name.strip()] = value.strip()
    return headers


def _render_form(
    request: Request,
    ctx: WebContext,
    url: str,
    values: Any = None,
    error: WatcherError | None = None,
    status: int = 200,
    offers: list[Candidate] | None = None,
) -> Response:
    source = find_configured_feed(ctx.app.settings.sources, url)
    settings = encode_feed_settings(make_editor(ctx, "page"), source)
    return ctx.render_page(
        request, "feed_form.html", status, url=source.url, values=values or settings, settings=settings,
        faults=list_faults(error), error=error, offers=offers or [],
    )  # fmt: skip

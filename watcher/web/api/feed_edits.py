"""Feeds as configured: add, change, pause, delete, and find the feeds of a site."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from watcher.app.configuration import feeds as use_cases
from watcher.app.configuration.editor import Editor
from watcher.app.configuration.feeds import find_configured_feed
from watcher.app.feeds import complete_address
from watcher.contract.configuration import FeedEdit, FeedSearch, FeedSettings
from watcher.contract.feeds import DiscoveredFeeds
from watcher.errors import UsageError
from watcher.fetch import discover
from watcher.text.redact import redact_url
from watcher.web.api.edited_items import EditedItems
from watcher.web.api.edits import IdempotencyKey, IfMatch, check_body
from watcher.web.api.problems import CHANGES, EDITS
from watcher.web.context import Ctx
from watcher.web.validation import Text

router = APIRouter(tags=["feeds"])
Url = Annotated[Text, Query(description="The feed's address, as configured", max_length=4000)]


@router.post("/feeds", status_code=201, response_model=FeedSettings, responses=CHANGES)
async def create_feed(
    request: Request, ctx: Ctx, edit: Annotated[FeedEdit, Body()], idempotency_key: IdempotencyKey = None
) -> Response:
    """Add a feed by its address; it is checked at once. `POST /feeds/discover` finds the address."""
    return await _ITEMS.add_item(request, ctx, edit, idempotency_key)


@router.post("/feeds/discover")
async def discover_feeds(ctx: Ctx, search: Annotated[FeedSearch, Body()]) -> DiscoveredFeeds:
    """Find the feeds that a site or page offers; each was fetched and read. It also finds a feed that moved."""
    check_body(search)
    if ctx.fetcher is None:
        raise UsageError("Nothing can be fetched from this process.")
    candidates = await discover(ctx.fetcher, complete_address(search["url"]))
    return {
        "feeds": [
            {
                "url": redact_url(candidate.url),
                "title": candidate.title,
                "kind": candidate.kind,
                "items": candidate.items,
            }
            for candidate in candidates
        ]
    }


@router.get("/feeds/settings")
def get_feed_settings(response: Response, ctx: Ctx, url: Url) -> FeedSettings:
    """Get a feed as configured, without its secrets, with the ETag for editing it."""
    return _ITEMS.show_item(response, ctx, url)


@router.patch("/feeds", responses=EDITS)
async def update_feed(
    response: Response, ctx: Ctx, url: Url, edit: Annotated[FeedEdit, Body()], etag: IfMatch
) -> FeedSettings:
    """Change a feed. With a new `url` it goes on at that address."""
    return await _ITEMS.change_item(response, ctx, url, edit, etag)


@router.delete("/feeds", status_code=204, responses=EDITS)
async def delete_feed(ctx: Ctx, url: Url, etag: IfMatch) -> None:
    """Delete a feed. What it brought stays stored."""
    await _ITEMS.remove_item(ctx, url, etag)


def _encode(editor: Editor, url: str) -> FeedSettings:
    return use_cases.encode_feed_settings(editor, find_configured_feed(editor.app.settings.sources, url))


_ITEMS = EditedItems[FeedEdit, FeedSettings, FeedSettings](
    create=use_cases.create_feed,
    update=use_cases.update_feed,
    delete=use_cases.delete_feed,
    encode=_encode,
)

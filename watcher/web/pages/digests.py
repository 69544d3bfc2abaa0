"""Digests: those configured, those composed, and each as it was sent."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from watcher.app.configuration.channels import encode_channel_settings
from watcher.digest.slots import list_next_slots
from watcher.errors import UsageError
from watcher.model.results import Page
from watcher.pipeline.messages import list_recipients
from watcher.store.digests.owners import find_stopped_digests
from watcher.store.digests.queries import StoredDigest, find_digests, list_digest_hit_ids, load_digest
from watcher.store.digests.slots import get_last_slots
from watcher.store.hits.queries import load_hits
from watcher.store.outbox.blocked_channels import list_blocked_channels
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries
from watcher.web.auth.headers import MAIL_POLICY
from watcher.web.context import Ctx
from watcher.web.editing import make_editor
from watcher.web.pages.edits import get_saved
from watcher.web.pages.hit_groups import group_by_entry, group_by_story
from watcher.web.validation import DigestId

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 40
MAX_DELIVERIES = 200
MAX_HITS = 300


@router.get("/digests")
def list_digests(request: Request, ctx: Ctx, name: str = "", cursor: str = "") -> Response:
    """Show the configured digests with their next times, and the history of all."""
    fault: UsageError | None = None
    page: Page[StoredDigest] = Page(items=())
    with ctx.app.database.read() as db:
        last_slots = get_last_slots(db, ctx.now)
        stopped = find_stopped_digests(db, ctx.app.settings.subscriptions)
        try:
            page = find_digests(db, name=name.replace("\0", "") or None, limit=PAGE_SIZE, cursor=cursor or None)
        except UsageError as error:
            fault = error
        counts = count_deliveries_by_state(db)
        blocked = {channel.channel: channel for channel in list_blocked_channels(db)}
    # A digest may name a channel that is gone; the configuration in force then says so, and the page still shows.
    by_name = {channel.name: channel for channel in ctx.app.settings.channels}
    editor = make_editor(ctx, "page")
    channels = [encode_channel_settings(editor, channel) for channel in ctx.app.settings.channels]
    lines = [
        {
            "subscription": subscription,
            "last_at": last_slots.get(subscription.name),
            "next_at": () if subscription.name in stopped else list_next_slots(subscription, ctx.now),
            "stopped": subscription.name in stopped,
            "recipients": sum(
                len(list_recipients(by_name[name], subscription.to))
                for name in subscription.channels
                if name in by_name
            ),
        }
        for subscription in ctx.app.settings.subscriptions
    ]
    return ctx.render_page(
        request, "digests.html", 400 if fault else 200, lines=lines, page=page, counts=counts, name=name, fault=fault,
        channels=channels, blocked=blocked, saved=get_saved(request, ctx),
    )  # fmt: skip


@router.get("/digests/{digest_id}")
def show_digest(request: Request, ctx: Ctx, digest_id: DigestId) -> Response:
    """Show a digest as it was sent, its recipients, and the state of each message."""
    with ctx.app.database.read() as db:
        digest = load_digest(db, digest_id)
        deliveries = find_deliveries(db, digest_id=digest_id, limit=MAX_DELIVERIES).items
        reported = load_hits(db, list_digest_hit_ids(db, digest_id)[:MAX_HITS])
    return ctx.render_page(
        request,
        "digest.html",
        digest=digest,
        deliveries=deliveries,
        groups=group_by_story(group_by_entry(reported)),
    )


@router.get("/digests/{digest_id}/mail")
def show_mail(ctx: Ctx, digest_id: DigestId) -> Response:
    """Return a digest's HTML as it was sent, for a frame that can only display it."""
    with ctx.app.database.read() as db:
        digest = load_digest(db, digest_id)
    if not digest.html:
        raise HTTPException(404, "This digest was not sent, or its text was deleted.")
    return HTMLResponse(digest.html, headers={"Content-Security-Policy": MAIL_POLICY})

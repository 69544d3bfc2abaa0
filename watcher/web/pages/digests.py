"""Digests: those configured, those composed, and each as it was sent."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from watcher.digest.slots import find_next_slot
from watcher.errors import UsageError
from watcher.model.results import Page
from watcher.store.digests.queries import StoredDigest, find_digests, list_digest_hit_ids, load_digest
from watcher.store.digests.slots import get_last_slots
from watcher.store.hits.queries import load_hits
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries
from watcher.web.auth.headers import MAIL_POLICY
from watcher.web.context import Ctx
from watcher.web.pages.hit_groups import groups_of, rows_of
from watcher.web.validation import DigestId

router = APIRouter(include_in_schema=False)
PER_PAGE = 40
LATEST = "last"


@router.get("/digests")
def list_digests(request: Request, ctx: Ctx, name: str = "", cursor: str = "") -> Response:
    """Show the digests: when each comes next, and the history of all."""
    fault: UsageError | None = None
    page: Page[StoredDigest] = Page(items=())
    with ctx.app.database.read() as db:
        last = get_last_slots(db, ctx.now)
        try:
            page = find_digests(db, name=name.replace("\0", "") or None, limit=PER_PAGE, cursor=cursor or None)
        except UsageError as error:
            fault = error
        waiting = count_deliveries_by_state(db)
    lines = [
        {"one": each, "last_at": last.get(each.name), "next_at": find_next_slot(each, ctx.now)}
        for each in ctx.app.settings.subscriptions
    ]
    return ctx.page(
        request, "digests.html", 400 if fault else 200, lines=lines, page=page, waiting=waiting, name=name, fault=fault
    )


@router.get("/digests/{digest_id}")
def show_digest(request: Request, ctx: Ctx, digest_id: DigestId) -> Response:
    """Show a digest as it was sent, to whom, and with what outcome."""
    with ctx.app.database.read() as db:
        digest = load_digest(db, digest_id)
        deliveries = find_deliveries(db, digest_id=digest_id, limit=200).items
        told = load_hits(db, list_digest_hit_ids(db, digest_id)[:300])
    return ctx.page(
        request,
        "digest.html",
        digest=digest,
        deliveries=deliveries,
        groups=groups_of(rows_of(told), by_story=True),
    )


@router.get("/digests/{digest_id}/mail")
def show_mail(ctx: Ctx, digest_id: DigestId) -> Response:
    """Give a digest's HTML as it was sent, for a frame that can do nothing but show it."""
    with ctx.app.database.read() as db:
        digest = load_digest(db, digest_id)
    if not digest.html:
        raise HTTPException(404, "this digest was not sent, or its text is no longer kept")
    return HTMLResponse(digest.html, headers={"Content-Security-Policy": MAIL_POLICY})

"""Unsubscribing: the page behind the link in a mail, and the one-click request of a mail program (RFC 8058)."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.digest.unsubscribe_links import verify_unsubscribe
from watcher.model.digest import Unsubscription
from watcher.store.digests.unsubscribes import add_unsubscription
from watcher.web.context import Ctx

router = APIRouter(include_in_schema=False)


def _rename(leaving: Unsubscription, ctx: Ctx) -> Unsubscription:
    """Return what a link of before a renaming means today."""
    settings = ctx.app.settings
    digests = {former: one.name for one in settings.subscriptions for former in one.formerly}
    channels = {former: one.name for one in settings.channels for former in one.formerly}
    return replace(
        leaving,
        subscription=digests.get(leaving.subscription, leaving.subscription),
        channel=channels.get(leaving.channel, leaving.channel),
    )


@router.get("/unsubscribe/{token}")
def ask(request: Request, ctx: Ctx, token: str) -> Response:
    """Show what the link would do. Opening it does nothing: mail scanners open every link."""
    leaving = verify_unsubscribe(ctx.key, token)
    return ctx.page(request, "leave.html", 200 if leaving else 404, leaving=leaving, token=token, done=False)


@router.post("/unsubscribe/{token}")
def leave(request: Request, ctx: Ctx, token: str) -> Response:
    """Send this recipient the digest no longer; the signature is the leave to do so."""
    leaving = verify_unsubscribe(ctx.key, token)
    if leaving is not None:
        leaving = _rename(leaving, ctx)
        with ctx.app.database.write() as db:
            add_unsubscription(db, leaving, ctx.now)
    return ctx.page(request, "leave.html", 200 if leaving else 404, leaving=leaving, token=token, done=True)

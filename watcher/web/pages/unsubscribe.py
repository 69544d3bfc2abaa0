"""Unsubscribing: the page behind the link in a mail, and the one-click request of a mail client (RFC 8058)."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from watcher.digest.unsubscribe_links import verify_unsubscribe
from watcher.model.digest import Unsubscription
from watcher.store.digests.unsubscribes import add_unsubscription
from watcher.web.context import Ctx, WebContext

router = APIRouter(include_in_schema=False)


@router.get("/unsubscribe/{token}")
def confirm_unsubscribe(request: Request, ctx: Ctx, token: str) -> Response:
    """Show what the link would do. Opening it does nothing: mail scanners open every link."""
    unsubscription = verify_unsubscribe(ctx.key, token)
    status = 200 if unsubscription else 404
    return ctx.render_page(request, "leave.html", status, unsubscription=unsubscription, token=token, done=False)


@router.post("/unsubscribe/{token}")
def unsubscribe(request: Request, ctx: Ctx, token: str) -> Response:
    """Stop sending this recipient the digest; the signature stands for the login."""
    unsubscription = verify_unsubscribe(ctx.key, token)
    if unsubscription is not None:
        unsubscription = _use_current_names(unsubscription, ctx)
        with ctx.app.database.write() as db:
            add_unsubscription(db, unsubscription, ctx.now)
    status = 200 if unsubscription else 404
    return ctx.render_page(request, "leave.html", status, unsubscription=unsubscription, token=token, done=True)


def _use_current_names(unsubscription: Unsubscription, ctx: WebContext) -> Unsubscription:
    """Return what a link means whose digest or channel was renamed (`formerly`) since it was sent."""
    settings = ctx.app.settings
    digests = {former: digest.name for digest in settings.subscriptions for former in digest.formerly}
    channels = {former: channel.name for channel in settings.channels for former in channel.formerly}
    return replace(
        unsubscription,
        subscription=digests.get(unsubscription.subscription, unsubscription.subscription),
        channel=channels.get(unsubscription.channel, unsubscription.channel),
    )

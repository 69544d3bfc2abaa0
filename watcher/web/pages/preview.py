"""A digest before it is sent: what it would contain now, as each channel would show it."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from watcher.app.configuration.digests import find_digest
from watcher.app.listing import parse_time
from watcher.digest.format_helpers import format_headline, format_subject
from watcher.digest.html import render_html
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.model.digest import Digest
from watcher.pipeline.digests import preview_digest
from watcher.pipeline.messages import list_recipients
from watcher.web.auth.headers import MAIL_POLICY
from watcher.web.context import Ctx, WebContext

router = APIRouter(include_in_schema=False)


@router.get("/digests/preview")
def show_preview(request: Request, ctx: Ctx, name: str = Query(max_length=64), since: str = "") -> Response:
    """Show what a digest would contain now. Nothing is sent, and no hit counts as reported."""
    digest = _compose_preview(ctx, name, since)
    links = ctx.app.press().links
    subscription = find_digest(ctx.app.settings.subscriptions, name)
    used = [channel for channel in ctx.app.settings.channels if channel.name in subscription.channels]
    return ctx.render_page(
        request, "preview.html", name=name, since=since, digest=digest, headline=format_headline(digest),
        subject=format_subject(digest), text=render_text(digest, links),
        markdown=render_markdown(digest, links), channels=[channel.name for channel in used],
        recipients=sum(len(list_recipients(channel, subscription.to)) for channel in used),
    )  # fmt: skip


@router.get("/digests/preview/mail")
def show_preview_mail(ctx: Ctx, name: str = Query(max_length=64), since: str = "") -> Response:
    """Return the mail as it would look, for a frame that can only display it."""
    press = ctx.app.press()
    html = render_html(_compose_preview(ctx, name, since), press.links, press.templates)
    return HTMLResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})


def _compose_preview(ctx: WebContext, name: str, since: str) -> Digest:
    moment = parse_time(since, ctx.now) if since.strip() else None
    with ctx.app.database.read() as db:
        return preview_digest(db, ctx.app.press(), name, ctx.now, since=moment)

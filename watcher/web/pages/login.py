"""Logging in and out."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from watcher.web.auth.access import get_visitor_source, refuse_too_soon
from watcher.web.context import Ctx, get_session
from watcher.web.forms import SubmittedForm, redirect_back

router = APIRouter(include_in_schema=False)


@router.get("/login")
def show_login(request: Request, ctx: Ctx, next: str = "/") -> Response:  # noqa: A002
    """Show the form; a visitor who needs none is redirected."""
    if not ctx.gate.login_needed or get_session(request).authenticated:
        return redirect_back(next, "/")
    return ctx.render_page(request, "login.html", next=next, fault="")


@router.post("/login")
async def log_in(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Start a session with a new id for a visitor who knows the password or the token."""
    gate, now, password = ctx.gate, ctx.now, form.get("password")
    if not gate.secrets.is_token(password):
        wait = await gate.check_password(password, get_visitor_source(request.scope), now)
        if wait is not None and wait > timedelta():
            return refuse_too_soon(request.scope, request.headers, wait)
        if wait is not None:
            return ctx.render_page(request, "login.html", 403, next=form.get("next"), fault="Wrong password.")
    response = redirect_back(form.get("next"), "/")
    response.headers.append("set-cookie", gate.format_cookie(gate.sessions.create(now, authenticated=True)))
    return response


@router.post("/logout")
async def log_out(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """End the session for good: in every process, and beyond a restart."""
    await ctx.gate.end_session(get_session(request))
    response = RedirectResponse("/login", 303)
    response.headers.append("set-cookie", ctx.gate.format_cookie(ctx.gate.sessions.create(ctx.now)))
    return response

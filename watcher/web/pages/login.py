"""Logging in and out."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from watcher.web.auth.access import too_soon, visitor_source
from watcher.web.context import Ctx, get_session
from watcher.web.forms import Filled, back_to

router = APIRouter(include_in_schema=False)


@router.get("/login")
def ask(request: Request, ctx: Ctx, next: str = "/") -> Response:  # noqa: A002
    """Show the form; who needs none goes on."""
    if not ctx.gate.login_needed or get_session(request).authenticated:
        return back_to(next, "/")
    return ctx.page(request, "login.html", next=next, fault="")


@router.post("/login")
async def log_in(request: Request, ctx: Ctx, form: Filled) -> Response:
    """Let in who knows the password or the token, under a session of a new id."""
    gate, now, password = ctx.gate, ctx.now, form.get("password")
    if not gate.secrets.is_token(password):
        wait = await gate.check_password(password, visitor_source(request.scope), now)
        if wait is not None and wait > timedelta():
            return too_soon(request.scope, request.headers, wait)
        if wait is not None:
            return ctx.page(request, "login.html", 403, next=form.get("next"), fault="This is not the password.")
    response = back_to(form.get("next"), "/")
    response.headers.append("set-cookie", gate.cookie(gate.sessions.begin(now, authenticated=True)))
    return response


@router.post("/logout")
async def log_out(request: Request, ctx: Ctx, form: Filled) -> Response:
    """End the session for good: not only in this browser, and not only until a restart."""
    await ctx.gate.end_session(get_session(request))
    response = RedirectResponse("/login", 303)
    response.headers.append("set-cookie", ctx.gate.cookie(ctx.gate.sessions.begin(ctx.now)))
    return response

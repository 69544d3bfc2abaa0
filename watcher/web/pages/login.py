"""Logging in and out."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from watcher.model.person import DESK, Person
from watcher.web.auth.access import get_visitor_source, refuse_too_soon
from watcher.web.context import Ctx, WebContext, get_session
from watcher.web.forms import SubmittedForm, redirect_back

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def show_login(request: Request, ctx: Ctx, next: str = "/") -> Response:  # noqa: A002
    """Show the form; a visitor who needs none is redirected."""
    if not await ctx.gate.is_login_needed() or get_session(request).person is not None:
        return redirect_back(next, "/")
    return await _render_login(request, ctx, next)


@router.post("/login")
async def log_in(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Start a session with a new id for a visitor who knows a password or the token."""
    gate, now, name, password = ctx.gate, ctx.now, form.get("name"), form.get("password")
    source = get_visitor_source(request.scope)
    person: Person | timedelta = DESK
    if not gate.secrets.is_token(password):
        person = await gate.check_password(name, password, source, now)
    if isinstance(person, timedelta):
        if person > timedelta():
            return refuse_too_soon(request.scope, request.headers, person)
        return await _render_login(request, ctx, form.get("next"), 403, name=name, is_wrong=True)
    session = await gate.open_session(person, source, request.headers.get("user-agent", ""), now)
    response = redirect_back(form.get("next"), "/")
    response.headers.append("set-cookie", gate.format_cookie(session))
    return response


@router.post("/logout")
async def log_out(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """End the session for good: in every process, and beyond a restart."""
    await ctx.gate.end_session(get_session(request), ctx.now)
    response = RedirectResponse("/login", 303)
    response.headers.append("set-cookie", ctx.gate.format_cookie(ctx.gate.sessions.create(ctx.now)))
    return response


async def _render_login(
    request: Request, ctx: WebContext, next_path: str, status: int = 200, *, name: str = "", is_wrong: bool = False
) -> Response:
    has_people = (await ctx.gate.people.load_population()).has_people
    fault = "" if not is_wrong else "Wrong name or password." if has_people else "Wrong password."
    return ctx.render_page(
        request,
        "login.html",
        status,
        next=next_path,
        name=name,
        fault=fault,
        has_people=has_people,
        oidc=ctx.gate.oidc.oidc.title if ctx.gate.oidc else None,
    )

"""Logging in and out."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from watcher.web.forms import Filled, back_to
from watcher.web.guard.gate import too_soon, visitor_source
from watcher.web.site import Here, session_of

router = APIRouter(include_in_schema=False)


@router.get("/login")
def ask(request: Request, here: Here, next: str = "/") -> Response:  # noqa: A002
    """Show the form; who needs none goes on."""
    if not here.gate.login_needed or session_of(request).authenticated:
        return back_to(next, "/")
    return here.page(request, "login.html", next=next, fault="")


@router.post("/login")
async def log_in(request: Request, here: Here, form: Filled) -> Response:
    """Let in who knows the password or the token, under a session of a new id."""
    gate, now, password = here.gate, here.now, form.get("password")
    if not gate.secrets.is_token(password):
        wait = await gate.check_password(password, visitor_source(request.scope), now)
        if wait is not None and wait > timedelta():
            return too_soon(request.scope, request.headers, wait)
        if wait is not None:
            return here.page(request, "login.html", 403, next=form.get("next"), fault="This is not the password.")
    response = back_to(form.get("next"), "/")
    response.headers.append("set-cookie", gate.cookie(gate.sessions.begin(now, authenticated=True)))
    return response


@router.post("/logout")
async def log_out(request: Request, here: Here, form: Filled) -> Response:
    """End the session for good: not only in this browser, and not only until a restart."""
    await here.gate.end_session(session_of(request))
    response = RedirectResponse("/login", 303)
    response.headers.append("set-cookie", here.gate.cookie(here.gate.sessions.begin(here.now)))
    return response

"""Logging in at an issuer of OpenID Connect."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Query, Request, Response
from starlette.responses import RedirectResponse

from watcher.app.people.logins import RefusedLoginError
from watcher.settings.logins import get_first_role
from watcher.web.auth.access import get_visitor_source
from watcher.web.auth.oidc import IssuerError, OidcClient
from watcher.web.context import Ctx, WebContext, get_session
from watcher.web.forms import redirect_back

router = APIRouter(include_in_schema=False)


@router.get("/login/oidc")
async def begin_login(request: Request, ctx: Ctx, next: str = Query("/", max_length=2_000)) -> Response:  # noqa: A002
    """Send a visitor to the issuer."""
    client = _get_client(ctx)
    try:
        return RedirectResponse(await client.begin(get_session(request).id, next, ctx.now), 303)
    except IssuerError as error:
        return ctx.render_page(request, "refused_login.html", 502, reason=str(error))


@router.get("/login/oidc/callback")
async def finish_login(
    request: Request,
    ctx: Ctx,
    state: str = Query("", max_length=2_000),
    code: str = Query("", max_length=4_000),
    error: str = Query("", max_length=200),
) -> Response:
    """Start a session for whom the issuer vouches for."""
    client, gate, now = _get_client(ctx), ctx.gate, ctx.now
    try:
        if error or not code:
            raise RefusedLoginError("the issuer did not log you in: try again")
        identity = await client.finish(get_session(request).id, state, code, now)
        first_role = get_first_role(client.oidc.first_role)
        account = await gate.admit(identity.name, identity.subject, identity.role, first_role)
    except RefusedLoginError as refusal:
        return ctx.render_page(request, "refused_login.html", 403, reason=str(refusal))
    except IssuerError as fault:
        return ctx.render_page(request, "refused_login.html", 502, reason=str(fault))
    source = get_visitor_source(request.scope)
    session = await gate.open_session(account.person, source, request.headers.get("user-agent", ""), now, via="login")
    response = redirect_back(identity.next_path, "/")
    response.headers.append("set-cookie", gate.format_cookie(session))
    return response


def _get_client(ctx: WebContext) -> OidcClient:
    if ctx.gate.oidc is None:
        raise HTTPException(404, "There is nothing at this address.")
    return ctx.gate.oidc

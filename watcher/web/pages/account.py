"""A person's own account: password, sessions, tokens for programs."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from watcher.app.configuration.own_digests import list_own_digests
from watcher.app.people.accounts import change_password
from watcher.app.people.passwords import hash_password
from watcher.app.people.sessions import NewToken, create_token, end_all_sessions, end_session, revoke_token
from watcher.digest.slots import list_next_slots
from watcher.errors import UsageError, WatcherError
from watcher.model.person import Person, Role, make_login
from watcher.store.people.accounts import find_account
from watcher.store.people.sessions import list_sessions
from watcher.store.people.tokens import list_tokens
from watcher.web.auth.access import get_visitor_source, refuse_too_soon
from watcher.web.auth.person import get_actor, get_person
from watcher.web.context import Ctx, WebContext, get_session
from watcher.web.forms import SubmittedForm
from watcher.web.pages.edits import list_faults, try_edit
from watcher.web.pages.outcomes import redirect_with_outcome, show_outcome

router = APIRouter(include_in_schema=False)


@router.get("/account")
def show_account(request: Request, ctx: Ctx) -> Response:
    """Show the account."""
    return _render_account(request, ctx)


@router.post("/account/password")
async def change_own_password(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Change the person's password, who has to know the one of before."""
    person, source, now = get_person(request), get_visitor_source(request.scope), ctx.now
    new, actor, keep = form.get("password"), get_actor("page"), get_session(request).stored_id
    checked = await ctx.gate.check_password(person.name, form.get("current"), source, now)
    if isinstance(checked, timedelta) and checked > timedelta():
        return refuse_too_soon(request.scope, request.headers, checked)

    async def change() -> Response:
        """Store the new password."""
        if not isinstance(checked, Person) or checked.name != person.name:
            raise UsageError("The current password is wrong.")
        if new != form.get("password_again"):
            raise UsageError("The two new passwords are not the same.")
        password_hash = await ctx.gate.hash_password(lambda: hash_password(new), source)
        await ctx.change_people(
            lambda db: change_password(db, person.name, password_hash, actor, now, keep_session=keep)
        )
        return redirect_with_outcome("/account", "password")

    return await try_edit(change, lambda error, status: _render_account(request, ctx, error, status))


@router.post("/account/sessions")
async def end_own_sessions(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """End one of the person's sessions, or all but this one."""
    person, actor, session_id = get_person(request), get_actor("page"), form.get("session")
    keep = get_session(request).stored_id

    async def end() -> Response:
        """End what was chosen."""
        if session_id:
            await ctx.change_people(lambda db: end_session(db, person.name, session_id, actor, ctx.now))
            return redirect_with_outcome("/account", "session")
        await ctx.change_people(lambda db: end_all_sessions(db, person.name, actor, ctx.now, except_id=keep))
        return redirect_with_outcome("/account", "sessions")

    return await try_edit(end, lambda error, status: _render_account(request, ctx, error, status))


@router.post("/account/tokens")
async def create_shown_token(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Create a token, and show it once."""
    person, actor, role = get_person(request), get_actor("page"), form.get("role")

    async def create() -> Response:
        """Create the token."""
        if role not in list(Role):
            raise UsageError("Choose a role: reader, editor or admin.")
        made = await ctx.change_people(
            lambda db: create_token(db, person, form.get("label"), Role(role), actor, ctx.now)
        )
        return _render_account(request, ctx, created=made)

    return await try_edit(create, lambda error, status: _render_account(request, ctx, error, status))


@router.post("/account/tokens/revoke")
async def revoke_shown_token(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Revoke a token."""
    person, actor, number = get_person(request), get_actor("page"), form.get("token")

    async def revoke() -> Response:
        """Revoke it."""
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise UsageError("This is not the number of a token.")
        await ctx.change_people(lambda db: revoke_token(db, person.name, int(number), actor, ctx.now))
        return redirect_with_outcome("/account", "revoked")

    return await try_edit(revoke, lambda error, status: _render_account(request, ctx, error, status))


def _render_account(
    request: Request,
    ctx: WebContext,
    error: WatcherError | None = None,
    status: int = 200,
    *,
    created: NewToken | None = None,
) -> Response:
    person = get_person(request)
    own = list_own_digests(ctx.app.settings, person)
    with ctx.app.database.read() as db:
        account = find_account(db, make_login(person.name))
        sessions, tokens = list_sessions(db, person.name), list_tokens(db, person.name)
    return ctx.render_page(
        request, "account.html", status, account=account, sessions=sessions, tokens=tokens, created=created,
        own_digests=[(digest, list_next_slots(digest, ctx.now)) for digest in own],
        current_id=get_session(request).stored_id, roles=[role for role in Role if person.role.includes(role)],
        faults=list_faults(error), outcome=show_outcome(request),
    )  # fmt: skip

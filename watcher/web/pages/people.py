"""People, for admins: added, given roles and passwords, let go, their sessions ended."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from watcher.app.people import accounts as use_cases
from watcher.app.people.passwords import hash_password
from watcher.app.people.sessions import end_all_sessions
from watcher.errors import UsageError, WatcherError
from watcher.model.person import DESK, Actor, Role
from watcher.store.database import Db
from watcher.store.people.accounts import list_accounts
from watcher.store.people.sessions import list_sessions
from watcher.web.auth.access import get_visitor_source
from watcher.web.auth.person import get_actor
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import list_faults, try_edit
from watcher.web.pages.outcomes import redirect_with_outcome, show_outcome

router = APIRouter(include_in_schema=False)


@router.get("/people")
def show_people(request: Request, ctx: Ctx) -> Response:
    """Show everybody, with a form for one more."""
    return _render_people(request, ctx)


@router.post("/people/add")
async def submit_new_person(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Add a person."""
    name, password = form.get("name").strip(), form.get("password")
    typed = {"name": name, "role": form.get("role")}

    async def add() -> Response:
        """Add the person with what was filled in."""
        role, actor = parse_role(form.get("role")), get_actor("page")
        password_hash = await _hash(request, ctx, password) if password else None
        await ctx.change_people(lambda db: use_cases.add_person(db, name, role, password_hash, actor, ctx.now))
        return redirect_with_outcome("/people", "added")

    return await try_edit(add, lambda error, status: _render_people(request, ctx, error, status, typed))


@router.post("/people/act")
async def act_on_person(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Change a person's role or password, let the person go or in again, or end the person's sessions."""
    do = form.get("do")

    async def act() -> Response:
        """Do what the button says."""
        password_hash = await _hash(request, ctx, form.get("password")) if do == "password" else ""
        await ctx.change_people(_plan(ctx, do, form, password_hash))
        return redirect_with_outcome("/people", do)

    return await try_edit(act, lambda error, status: _render_people(request, ctx, error, status))


def parse_role(text: str) -> Role:
    """Return the role of this name. Raises UsageError."""
    try:
        return Role(text)
    except ValueError as error:
        raise UsageError(f"{text[:50]!r} is not a role: choose reader, editor or admin") from error


def _plan(ctx: WebContext, do: str, form: Form, password_hash: str) -> Callable[[Db], object]:
    """Return the change that a button stands for. Raises UsageError."""
    name, actor, now = form.get("name"), get_actor("page"), ctx.now
    match do:
        case "role":
            role = parse_role(form.get("role"))
            return lambda db: use_cases.change_role(db, name, role, actor, now)
        case "password":
            return lambda db: use_cases.change_password(db, name, password_hash, actor, now)
        case "disable":
            return lambda db: use_cases.disable_person(db, name, actor, now)
        case "enable":
            return lambda db: use_cases.enable_person(db, name, actor, now)
        case "sessions":
            return lambda db: _end_sessions(db, name, actor, ctx)
        case _:
            raise UsageError("This form has no such button.")


def _end_sessions(db: Db, name: str, actor: Actor, ctx: WebContext) -> int:
    owner = name if name == DESK.name else use_cases.require_account(db, name).name
    return end_all_sessions(db, owner, actor, ctx.now)


async def _hash(request: Request, ctx: WebContext, password: str) -> str:
    return await ctx.gate.hash_password(lambda: hash_password(password), get_visitor_source(request.scope))


def _render_people(
    request: Request,
    ctx: WebContext,
    error: WatcherError | None = None,
    status: int = 200,
    typed: dict[str, str] | None = None,
) -> Response:
    with ctx.app.database.read() as db:
        accounts, sessions = list_accounts(db), list_sessions(db)
    counts: dict[str, int] = {}
    for session in sessions:
        counts[session.person] = counts.get(session.person, 0) + 1
    last_seen = {session.person: session.last_seen_at for session in reversed(sessions)}
    return ctx.render_page(
        request, "people.html", status, accounts=accounts, sessions=counts, last_seen=last_seen, roles=list(Role),
        typed=typed or {"name": "", "role": "reader" if accounts else "admin"}, faults=list_faults(error),
        outcome=show_outcome(request), desk=DESK,
    )  # fmt: skip

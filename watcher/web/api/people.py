"""People, for admins: listed, added, given roles and passwords, let go; and the audit."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from watcher.app.people import accounts as use_cases
from watcher.app.people.listing import parse_audit_filters
from watcher.app.people.passwords import hash_password
from watcher.app.people.sessions import end_all_sessions
from watcher.contract.people import (
    AuditList,
    EndedSessions,
    PersonDetail,
    PersonList,
    SessionList,
    encode_audit,
    encode_person,
    encode_session,
)
from watcher.model.person import DESK, Role
from watcher.store.database import Db
from watcher.store.people.accounts import list_accounts
from watcher.store.people.audit import list_audit_entries
from watcher.store.people.sessions import list_sessions
from watcher.web.api.parameters import Cursor, Limit, Since, Until
from watcher.web.auth.access import get_visitor_source
from watcher.web.auth.person import get_actor
from watcher.web.context import Ctx, WebContext, get_session
from watcher.web.validation import Text

router = APIRouter(tags=["people"])
Name = Annotated[Text, Path(max_length=200)]
RoleName = Literal["reader", "editor", "admin"]
Password = Annotated[Text, Field(min_length=8, max_length=1024)]


class NewPerson(BaseModel):
    """A person to add. Without a password, a proxy or OpenID Connect logs the person in."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[Text, Field(min_length=1, max_length=100)]
    role: RoleName = "reader"
    password: Password | None = None


class PersonUpdate(BaseModel):
    """What to change of a person; what is left out stays. `disabled` lets the person go, or in again."""

    model_config = ConfigDict(extra="forbid")
    role: RoleName | None = None
    password: Password | None = None
    disabled: StrictBool | None = None


@router.get("/people")
def list_people(ctx: Ctx) -> PersonList:
    """List the people by name, those who left as well."""
    with ctx.app.database.read() as db:
        return {"people": [encode_person(account) for account in list_accounts(db)]}


@router.post("/people", status_code=201)
async def create_person(request: Request, ctx: Ctx, new: NewPerson) -> PersonDetail:
    """Add a person. The first one has to be an admin."""
    password_hash = await hash_new_password(request, ctx, new.password)
    actor = get_actor("api")

    def add(db: Db) -> PersonDetail:
        """Add the person."""
        return encode_person(use_cases.add_person(db, new.name, Role(new.role), password_hash, actor, ctx.now))

    return await ctx.change_people(add)


@router.get("/people/{name}")
def get_person_detail(ctx: Ctx, name: Name) -> PersonDetail:
    """Get a person."""
    with ctx.app.database.read() as db:
        return encode_person(use_cases.require_account(db, name))


@router.patch("/people/{name}")
async def update_person(request: Request, ctx: Ctx, name: Name, edit: PersonUpdate) -> PersonDetail:
    """Change a person's role or password, or let the person go. A new password ends the person's sessions."""
    password_hash = await hash_new_password(request, ctx, edit.password)
    actor, now = get_actor("api"), ctx.now

    def change(db: Db) -> PersonDetail:
        """Change what is named."""
        account = use_cases.require_account(db, name)
        if edit.role is not None:
            use_cases.change_role(db, account.name, Role(edit.role), actor, now)
        if password_hash is not None:
            use_cases.change_password(db, account.name, password_hash, actor, now)
        if edit.disabled is not None:
            (use_cases.disable_person if edit.disabled else use_cases.enable_person)(db, account.name, actor, now)
        return encode_person(use_cases.require_account(db, account.name))

    return await ctx.change_people(change)


@router.get("/people/{name}/sessions")
def list_sessions_of_person(request: Request, ctx: Ctx, name: Name) -> SessionList:
    """List a person's sessions; `desk` is who logs in with the one password."""
    current_id = get_session(request).stored_id
    with ctx.app.database.read() as db:
        owner = name if name == DESK.name else use_cases.require_account(db, name).name
        return {"sessions": [encode_session(session, current_id) for session in list_sessions(db, owner)]}


@router.delete("/people/{name}/sessions")
async def end_sessions_of_person(ctx: Ctx, name: Name) -> EndedSessions:
    """End a person's sessions: the person has to log in again."""
    actor = get_actor("api")

    def end(db: Db) -> EndedSessions:
        """End them."""
        owner = name if name == DESK.name else use_cases.require_account(db, name).name
        return {"ended": end_all_sessions(db, owner, actor, ctx.now)}

    return await ctx.change_people(end)


@router.get("/audit")
def list_audit(
    ctx: Ctx,
    person: Annotated[Text | None, Query(description="Only what this person did", max_length=200)] = None,
    action: Annotated[Text | None, Query(description="Only actions of this kind", max_length=100)] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditList:
    """List who changed what, the newest first."""
    filters = parse_audit_filters(person, action, since, until, ctx.now)
    with ctx.app.database.read() as db:
        return encode_audit(list_audit_entries(db, filters, limit=limit, cursor=cursor))


async def hash_new_password(request: Request, ctx: WebContext, password: str | None) -> str | None:
    """Return the hash of a new password, None without one. Raises BusyError and UsageError."""
    if password is None:
        return None
    return await ctx.gate.hash_password(lambda: hash_password(password), get_visitor_source(request.scope))

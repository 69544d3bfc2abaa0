"""The account of who makes the request: password, sessions, tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from watcher.app.people.accounts import change_password
from watcher.app.people.passwords import hash_password
from watcher.app.people.sessions import create_token, end_session, revoke_token
from watcher.contract.people import (
    AccountDetail,
    CreatedToken,
    SessionList,
    TokenList,
    encode_session,
    encode_token,
)
from watcher.model.person import Person, Role
from watcher.store.database import Db
from watcher.store.people.sessions import list_sessions
from watcher.store.people.tokens import list_tokens
from watcher.web.api.problems import TOO_OFTEN
from watcher.web.auth.access import get_visitor_source
from watcher.web.auth.person import get_actor, get_person
from watcher.web.context import Ctx, get_session
from watcher.web.validation import MAX_ID, Text

router = APIRouter(prefix="/account", tags=["account"])


class PasswordChange(BaseModel):
    """A new password, with the one of before."""

    model_config = ConfigDict(extra="forbid")
    current: Annotated[Text, Field(min_length=1, max_length=1024)]
    new: Annotated[Text, Field(min_length=8, max_length=1024)]


class NewToken(BaseModel):
    """A token to create: `label` says what it is for, `role` is at most your own."""

    model_config = ConfigDict(extra="forbid")
    label: Annotated[Text, Field(min_length=1, max_length=100)]
    role: Literal["reader", "editor", "admin"] = "reader"


@router.get("")
def get_account(request: Request) -> AccountDetail:
    """Get who you are, and what you may do."""
    person = get_person(request)
    return {"name": person.name, "role": person.role.value}


@router.put("/password", status_code=204, responses=TOO_OFTEN)
async def put_password(request: Request, ctx: Ctx, change: PasswordChange) -> None:
    """Change your password. Your other sessions end."""
    person, source, now = get_person(request), get_visitor_source(request.scope), ctx.now
    checked = await ctx.gate.check_password(person.name, change.current, source, now)
    if not isinstance(checked, Person) or checked.name != person.name:
        wait = checked if isinstance(checked, timedelta) else timedelta()
        if wait > timedelta():
            raise HTTPException(429, "Too many wrong tries.", {"Retry-After": str(int(wait.total_seconds()) + 1)})
        raise HTTPException(400, "The current password is wrong.")
    password_hash = await ctx.gate.hash_password(lambda: hash_password(change.new), source)
    actor, keep = get_actor("api"), get_session(request).stored_id
    await ctx.change_people(lambda db: change_password(db, person.name, password_hash, actor, now, keep_session=keep))


@router.get("/sessions")
def list_own_sessions(request: Request, ctx: Ctx) -> SessionList:
    """List your logins to the page."""
    person, current_id = get_person(request), get_session(request).stored_id
    with ctx.app.database.read() as db:
        return {"sessions": [encode_session(session, current_id) for session in list_sessions(db, person.name)]}


@router.delete("/sessions/{session}", status_code=204)
async def end_own_session(request: Request, ctx: Ctx, session: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> None:
    """End one of your logins."""
    person, actor = get_person(request), get_actor("api")
    await ctx.change_people(lambda db: end_session(db, person.name, session, actor, ctx.now))


@router.get("/tokens")
def list_own_tokens(request: Request, ctx: Ctx) -> TokenList:
    """List your tokens for programs, without the tokens themselves."""
    person = get_person(request)
    with ctx.app.database.read() as db:
        return {"tokens": [encode_token(token) for token in list_tokens(db, person.name)]}


@router.post("/tokens", status_code=201)
async def create_own_token(request: Request, ctx: Ctx, new: NewToken) -> CreatedToken:
    """Create a token for a program; its text is in this answer alone."""
    person, actor = get_person(request), get_actor("api")

    def create(db: Db) -> CreatedToken:
        """Create the token."""
        made = create_token(db, person, new.label, Role(new.role), actor, ctx.now)
        return {**encode_token(made.token), "token": made.text}

    return await ctx.change_people(create)


@router.delete("/tokens/{token}", status_code=204)
async def revoke_own_token(request: Request, ctx: Ctx, token: Annotated[int, Path(ge=1, le=MAX_ID)]) -> None:
    """Revoke one of your tokens."""
    person, actor = get_person(request), get_actor("api")
    await ctx.change_people(lambda db: revoke_token(db, person.name, token, actor, ctx.now))

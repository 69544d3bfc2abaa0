"""Sessions and tokens of people: opened, listed, ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from watcher.app.people.accounts import require_account
from watcher.errors import NotFoundError, UsageError
from watcher.model.person import Actor, ApiToken, Person
from watcher.model.role import Role
from watcher.store.database import Db
from watcher.store.people.audit import add_audit_entry
from watcher.store.people.sessions import end_sessions
from watcher.store.people.tokens import add_token, list_tokens, revoke_tokens

TOKEN_PREFIX = "watcher_"  # noqa: S105 (what every token begins with)
TOKEN_BYTES = 32
MAX_TOKENS = 50
"""Tokens that one person can have at a time."""
MAX_LABEL_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was just created: the only time that its text is known."""

    token: ApiToken
    text: str


def hash_secret(text: str) -> str:
    """Return the hash under which a random secret is stored: of 144 bits or more, it cannot be guessed from it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def end_session(db: Db, person: str, session_id: str, actor: Actor, now: datetime) -> None:
    """End one session of a person. Raises NotFoundError where the person has none of this id."""
    if not end_sessions(db, person, now, only=session_id):
        raise NotFoundError("session", session_id)
    add_audit_entry(db, actor, now, "session ended", person)


def end_all_sessions(db: Db, person: str, actor: Actor, now: datetime, *, except_id: str | None = None) -> int:
    """End the sessions of a person, but for one, and return how many ended."""
    ended = end_sessions(db, person, now, except_id=except_id)
    if ended:
        add_audit_entry(db, actor, now, "session ended", person, after=f"{ended} sessions")
    return ended


def create_token(db: Db, owner: Person, label: str, role: Role, actor: Actor, now: datetime) -> NewToken:
    """Create a token for programs, with at most its owner's role.

    Raises NotFoundError for the desk, whose token stands in the configuration, and UsageError for an empty label, a
    higher role, or too many tokens.
    """
    account = require_account(db, owner.name)
    label = " ".join(label.split())
    if not 0 < len(label) <= MAX_LABEL_LENGTH:
        raise UsageError(f"a token needs a label of at most {MAX_LABEL_LENGTH} characters: what it is for")
    if not owner.role.includes(role):
        raise UsageError(f"a token of yours can be no more than {owner.role.value}")
    if len(list_tokens(db, account.name)) >= MAX_TOKENS:
        raise UsageError(f"you have {MAX_TOKENS} tokens: revoke one first")
    text = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    number = add_token(db, account.name, label, role, hash_secret(text), now)
    add_audit_entry(db, actor, now, "token created", account.name, after=f"{label} ({role.value})")
    token = ApiToken(
        id=number, person=account.name, label=label, role=role, created_at=now, last_used_at=None, revoked_at=None
    )
    return NewToken(token=token, text=text)


def revoke_token(db: Db, person: str, token_id: int, actor: Actor, now: datetime) -> None:
    """Revoke a token of a person. Raises NotFoundError where the person has none of this number."""
    if not revoke_tokens(db, person, now, only=token_id):
        raise NotFoundError("token", str(token_id))
    add_audit_entry(db, actor, now, "token revoked", person, before=str(token_id))

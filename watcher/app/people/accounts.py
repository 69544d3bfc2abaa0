"""People added, changed and let go. Each change is in the audit, in the same transaction."""

from __future__ import annotations

from datetime import datetime

from watcher.app.people.names import normalize_name
from watcher.errors import NotFoundError, UsageError
from watcher.model.person import Account, Actor, make_login
from watcher.model.role import Role
from watcher.store.database import Db
from watcher.store.people.accounts import (
    add_account,
    count_admins,
    find_account,
    list_accounts,
    lock_people,
    set_disabled,
    set_password_hash,
    set_role,
)
from watcher.store.people.audit import add_audit_entry
from watcher.store.people.sessions import end_sessions
from watcher.store.people.tokens import revoke_tokens
from watcher.text.suggest import find_nearest


def add_person(db: Db, name: str, role: Role, password_hash: str | None, actor: Actor, now: datetime) -> Account:
    """Add a person; without a password, only a proxy or OpenID Connect logs the person in.

    Raises UsageError for an unusable name, one that is taken, and where the first person is no admin: nobody could
    add others.
    """
    name = normalize_name(name)
    login = make_login(name)
    lock_people(db)
    if find_account(db, login) is not None:
        raise UsageError(f"there is a person {name!r} already")
    if role is not Role.ADMIN and count_admins(db) == 0:
        raise UsageError("there is no admin yet: add one first, with the role admin")
    add_account(db, name, login, role, now, password_hash=password_hash, subject=None)
    add_audit_entry(db, actor, now, "person added", name, after=role.value)
    return require_account(db, name)


def change_role(db: Db, name: str, role: Role, actor: Actor, now: datetime) -> Account:
    """Store another role of a person, which bounds the tokens as well.

    Raises NotFoundError, UsageError for the last admin.
    """
    lock_people(db)
    account = require_account(db, name)
    if account.role is role:
        return account
    _require_other_admin(db, account)
    set_role(db, account.name, role)
    add_audit_entry(db, actor, now, "role changed", account.name, before=account.role.value, after=role.value)
    return require_account(db, account.name)


def change_password(
    db: Db, name: str, password_hash: str, actor: Actor, now: datetime, *, keep_session: str | None = None
) -> None:
    """Replace a person's password and end the person's sessions, but for the one in which it was changed.

    Raises NotFoundError.
    """
    account = require_account(db, name)
    set_password_hash(db, account.name, password_hash)
    end_sessions(db, account.name, now, except_id=keep_session)
    add_audit_entry(db, actor, now, "password changed", account.name)


def disable_person(db: Db, name: str, actor: Actor, now: datetime) -> Account:
    """Disable a person who leaves: sessions end and tokens are revoked; the name stays on what the person did.

    Raises NotFoundError, UsageError for the last admin.
    """
    lock_people(db)
    account = require_account(db, name)
    if account.disabled_at is not None:
        return account
    _require_other_admin(db, account)
    set_disabled(db, account.name, now)
    end_sessions(db, account.name, now)
    revoke_tokens(db, account.name, now)
    add_audit_entry(db, actor, now, "person disabled", account.name)
    return require_account(db, account.name)


def enable_person(db: Db, name: str, actor: Actor, now: datetime) -> Account:
    """Enable a person who had left, with the role and password of before. Raises NotFoundError."""
    account = require_account(db, name)
    if account.disabled_at is not None:
        set_disabled(db, account.name, None)
        add_audit_entry(db, actor, now, "person enabled", account.name)
    return require_account(db, account.name)


def require_account(db: Db, name: str) -> Account:
    """Return the person of a name, however it is written. Raises NotFoundError with the nearest name."""
    account = find_account(db, make_login(name))
    if account is None:
        names = [account.name for account in list_accounts(db)]
        raise NotFoundError("person", name, find_nearest(name, names) or "")
    return account


def _require_other_admin(db: Db, account: Account) -> None:
    """Raise UsageError where a person is the only admin."""
    if account.role is Role.ADMIN and account.disabled_at is None and count_admins(db) == 1:
        raise UsageError(f"{account.name!r} is the only admin: name another admin first")

"""Logins that another service vouches for: a trusted proxy's header, and OpenID Connect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watcher.app.people.names import normalize_name
from watcher.errors import UsageError
from watcher.model.person import Account, Actor, make_login
from watcher.model.role import Role
from watcher.store.database import Db
from watcher.store.people.accounts import (
    add_account,
    find_account,
    find_account_of_subject,
    get_account,
    lock_people,
    set_role,
    set_subject,
)
from watcher.store.people.audit import add_audit_entry


class RefusedLoginError(UsageError):
    """A service vouched for somebody who may not come in; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whom a service names. `subject` is None for a proxy; `role` is what the service's groups stand for.

    `first_role` is that of a person who comes for the first time without a `role`; None keeps such people out.
    """

    name: str
    subject: str | None
    role: Role | None
    first_role: Role | None


def admit_person(db: Db, vouched: Vouched, now: datetime) -> Account:
    """Return the person whom a service vouches for, added or with a changed role where need be.

    Raises RefusedLoginError for who has left, for who has no role, and for a name that is another login's.
    """
    try:
        name = normalize_name(vouched.name)
    except UsageError as error:
        raise RefusedLoginError(f"this login has no usable name: {error}") from error
    lock_people(db)
    account = _find_vouched(db, name, vouched.subject)
    via = "login"
    if account is None:
        role = vouched.role or vouched.first_role
        if role is None:
            raise RefusedLoginError(f"{name} has no role here: an admin has to add the name first")
        add_account(db, name, make_login(name), role, now, password_hash=None, subject=vouched.subject)
        account = get_account(db, name)
        add_audit_entry(db, Actor(person=account.person, via=via), now, "person added", name, after=role.value)
        return account
    if account.disabled_at is not None:
        raise RefusedLoginError(f"{account.name} has left: an admin can let the person in again")
    if vouched.role is not None and vouched.role is not account.role:
        set_role(db, account.name, vouched.role)
        before, actor = account.role.value, Actor(person=account.person, via=via)
        add_audit_entry(db, actor, now, "role changed", account.name, before=before, after=vouched.role.value)
    return get_account(db, account.name)


def _find_vouched(db: Db, name: str, subject: str | None) -> Account | None:
    """Return who is meant: by the subject, which never changes, else by a name that no other login has."""
    if subject is not None and (account := find_account_of_subject(db, subject)) is not None:
        return account
    account = find_account(db, make_login(name))
    # The proxy is configured to say who everybody is.
    if account is None or subject is None:
        return account
    # An issuer may let people choose their name: it must not open an account that has another way in.
    if account.has_password or account.subject is not None:
        raise RefusedLoginError(f"{account.name} logs in another way here: ask an admin")
    set_subject(db, account.name, subject)
    return account

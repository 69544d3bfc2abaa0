"""Named people: one row each, which is never deleted, since their names stay in what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from watcher.errors import NotFoundError
from watcher.model.person import Account
from watcher.model.role import Role
from watcher.store.database import Db
from watcher.store.sql.dialect import acquire_lock
from watcher.store.tables import people


def list_accounts(db: Db) -> tuple[Account, ...]:
    """List the people by name, those who left as well."""
    return tuple(_read_account(row) for row in db.execute(select(people).order_by(people.c.login)))


def list_active_logins(db: Db) -> frozenset[str]:
    """Return how the people who have not left log in."""
    return frozenset(db.execute(select(people.c.login).where(people.c.disabled_at.is_(None))).scalars())


def find_account(db: Db, login: str) -> Account | None:
    """Return the person whose name compares as `login`, None where there is none."""
    return _find(db, people.c.login == login)


def get_account(db: Db, name: str) -> Account:
    """Return a person by name. Raises NotFoundError."""
    account = _find(db, people.c.name == name)
    if account is None:
        raise NotFoundError("person", name)
    return account


def find_account_of_subject(db: Db, subject: str) -> Account | None:
    """Return the person with this subject of OpenID Connect, None where there is none."""
    return _find(db, people.c.subject == subject)


def count_admins(db: Db) -> int:
    """Count the admins who have not left."""
    chosen = select(func.count()).where(people.c.role == Role.ADMIN.value, people.c.disabled_at.is_(None))
    return int(db.execute(chosen).scalar_one())


def has_people(db: Db) -> bool:
    """Return whether there is anybody who has not left."""
    return db.execute(select(people.c.name).where(people.c.disabled_at.is_(None)).limit(1)).first() is not None


def lock_people(db: Db) -> None:
    """Wait for other writers of people: two admins must not remove each other at once."""
    acquire_lock(db, "people")


def add_account(
    db: Db, name: str, login: str, role: Role, now: datetime, *, password_hash: str | None, subject: str | None
) -> None:
    """Store a person; the caller has looked whether the name is free, under `lock_people`."""
    row = {"name": name, "login": login, "role": role.value, "password_hash": password_hash, "subject": subject}
    db.execute(insert(people).values(row | {"created_at": now}))


def get_password_hash(db: Db, login: str) -> tuple[str, str] | None:
    """Return the name and password hash of who logs in as `login`; None where nobody can by password."""
    chosen = select(people.c.name, people.c.password_hash).where(people.c.login == login)
    row = db.execute(chosen.where(people.c.disabled_at.is_(None), people.c.password_hash.is_not(None))).first()
    return None if row is None else (row.name, row.password_hash)


def set_role(db: Db, name: str, role: Role) -> None:
    """Store a person's role."""
    db.execute(update(people).where(people.c.name == name).values(role=role.value))


def set_password_hash(db: Db, name: str, password_hash: str | None) -> None:
    """Store the hash of a person's password."""
    db.execute(update(people).where(people.c.name == name).values(password_hash=password_hash))


def set_subject(db: Db, name: str, subject: str) -> None:
    """Store who a person is to OpenID Connect."""
    db.execute(update(people).where(people.c.name == name).values(subject=subject))


def set_disabled(db: Db, name: str, at: datetime | None) -> None:
    """Store when a person left; None lets the person in again."""
    db.execute(update(people).where(people.c.name == name).values(disabled_at=at))


def _find(db: Db, condition: ColumnElement[bool]) -> Account | None:
    row = db.execute(select(people).where(condition)).first()
    return None if row is None else _read_account(row)


def _read_account(row: Row[tuple[object, ...]]) -> Account:
    return Account(
        name=row.name,
        role=Role(row.role),
        has_password=row.password_hash is not None,
        subject=row.subject,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )

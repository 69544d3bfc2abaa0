"""What access control knows of people, sessions and tokens: read from the database, and kept for a few seconds.

A change in this process is known at once; one that another process makes, within KEPT_SECONDS.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi.concurrency import run_in_threadpool

from watcher.errors import StoreError
from watcher.model.person import Account, ApiToken, StoredSession, make_login
from watcher.store.database import Database, Db
from watcher.store.people.accounts import count_admins, find_account, get_password_hash, has_people
from watcher.store.people.sessions import find_session
from watcher.store.people.tokens import find_token

T = TypeVar("T")
KEPT_SECONDS = 10.0
MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Whether there are people who can log in under their name, and whether one of them is an admin."""

    has_people: bool = False
    has_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """A session that has not ended, and whose it is; None for the desk, which is no named person."""

    session: StoredSession
    account: Account | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """A token that was not revoked, and whose it is."""

    token: ApiToken
    account: Account


class KnownPeople:
    """Reads people, sessions and tokens from a database, each at most once in KEPT_SECONDS."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self.population = Population()

    def forget(self) -> None:
        """Read everything anew: people, sessions or tokens were changed."""
        self._kept.clear()

    async def load_population(self) -> Population:
        """Return whether anybody has a name here. Raises StoreError where the database was never reached."""

        def read(db: Db) -> Population:
            """Count the people."""
            return Population(has_people=has_people(db), has_admin=count_admins(db) > 0)

        self.population = await self._load("population", read)
        return self.population

    async def find_session(self, id_hash: str) -> KnownSession | None:
        """Return a session that has not ended. Raises StoreError where the database was never reached."""

        def read(db: Db) -> KnownSession | None:
            """Read the session and whose it is."""
            session = find_session(db, id_hash)
            return None if session is None else KnownSession(session=session, account=_find_owner(db, session.person))

        return await self._load(f"session {id_hash}", read)

    async def find_token(self, token_hash: str) -> KnownToken | None:
        """Return a token that was not revoked, of a person who has not left. Raises StoreError."""

        def read(db: Db) -> KnownToken | None:
            """Read the token and whose it is."""
            token = find_token(db, token_hash)
            account = None if token is None else _find_owner(db, token.person)
            return None if token is None or account is None else KnownToken(token=token, account=account)

        return await self._load(f"token {token_hash}", read)

    async def find_account(self, login: str) -> Account | None:
        """Return the person whose name compares as `login`. Raises StoreError."""
        return await self._load(f"account {login}", lambda db: find_account(db, login))

    async def find_password(self, login: str) -> tuple[str, str] | None:
        """Return the name and the password hash of a login. Raises StoreError."""

        def read() -> tuple[str, str] | None:
            """Read them now: a password that was changed is refused from then on."""
            with self._database.read() as db:
                return get_password_hash(db, login)

        return await run_in_threadpool(read)

    async def _load(self, key: str, read: Callable[[Db], T]) -> T:
        """Return what was read lately, else read it; what was read before stands in while the database is down."""
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]  # type: ignore[no-any-return]

        def read_now() -> T:
            """Read it from the database."""
            with self._database.read() as db:
                return read(db)

        try:
            value = await run_in_threadpool(read_now)
        except StoreError:
            if kept is None:
                raise
            return kept[1]  # type: ignore[no-any-return]
        self._kept[key] = (now, value)
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return value


def _find_owner(db: Db, name: str) -> Account | None:
    account = find_account(db, make_login(name))
    return None if account is None or account.disabled_at is not None else account

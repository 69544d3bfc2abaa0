"""People who use the page, the API and the command, and what each may do."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from watcher.model.role import Role

__all__ = [
    "DESK",
    "NOBODY",
    "SHELL",
    "Account",
    "Actor",
    "ApiToken",
    "AuditEntry",
    "Person",
    "Role",
    "StoredSession",
    "make_login",
]


def make_login(name: str) -> str:
    """Return a name as logins compare it: whatever its case, its width and the form of its letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", " ".join(name.split())).casefold())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who makes a request: a name that stays in notes, judgements and the audit, and a role."""

    name: str
    role: Role

    @property
    def author(self) -> str | None:
        """Under whose name judgements are kept: nobody's where there is one password for all, or none."""
        return None if self.name in ("", DESK.name) else self.name


DESK = Person(name="desk", role=Role.ADMIN)
"""Who logs in with the one password, sends the configured token, or needs no login at all."""
NOBODY = Person(name="", role=Role.READER)
"""A visitor who has not logged in, on a page that needs no login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something, and by which way: `page`, `api`, `command`, `mcp`, `link`, `login` or `setup`."""

    person: Person
    via: str


SHELL = Actor(person=DESK, via="command")
"""Who types a command: the system's own permissions decide who can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A named person as stored. `has_password` is False where a proxy or OpenID Connect logs the person in."""

    name: str
    role: Role
    has_password: bool
    subject: str | None
    created_at: datetime
    disabled_at: datetime | None

    @property
    def person(self) -> Person:
        """The person who makes requests with this account."""
        return Person(name=self.name, role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A login: whose, since when, when and where from it was last seen. No cookie can be made of `id`, a hash."""

    id: str
    person: str
    secret_mark: str
    created_at: datetime
    last_seen_at: datetime
    last_seen_from: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A person's token for programs, without the token itself."""

    id: int
    person: str
    label: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What somebody changed. `version` is the edit's number in the history of the configuration, None for the rest."""

    id: int
    at: datetime
    person: str
    via: str
    action: str
    object: str
    before: str | None
    after: str | None
    version: int | None

"""Session cookies: a signed random id, when it was created, and whether the visitor logged in with it.

A login is also a row of the database, by the hash of its id: there it is listed and ended.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.app.people.sessions import hash_secret
from watcher.model.person import Person
from watcher.text.signing import is_signed, sign_text

COOKIE = "watcher_session"
LIFETIME = timedelta(days=30)
SIGNATURE_BYTES = 24
"""192 bits: 32 characters in a cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A visitor's session; `created` is in Unix seconds, `is_new` where this request creates it.

    `claims_login` is what the cookie says; `person` is who logged in, once the database confirms it.
    """

    id: str
    created: int
    claims_login: bool = False
    is_new: bool = False
    person: Person | None = None

    @property
    def stored_id(self) -> str:
        """The id under which the database has a login."""
        return hash_secret(self.id)


class Sessions:
    """Signs and parses session cookies."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def create(self, now: datetime, *, claims_login: bool = False) -> Session:
        """Return a session with a new id."""
        return Session(
            id=secrets.token_urlsafe(18), created=int(now.timestamp()), claims_login=claims_login, is_new=True
        )

    def format_cookie(self, session: Session) -> str:
        """Return the cookie's value."""
        value = f"{session.id}.{session.created}.{int(session.claims_login)}"
        signature = sign_text(self._key, "session", value, SIGNATURE_BYTES)
        return f"{value}.{signature}"

    def parse_cookie(self, cookie: str | None, now: datetime) -> Session | None:
        """Return the session of a cookie; None where its signature is wrong or it is too old."""
        value, _, signature = (cookie or "").rpartition(".")
        if not value or not is_signed(self._key, "session", value, signature, SIGNATURE_BYTES):
            return None
        id_, created, claims_login = value.split(".")
        age = now.timestamp() - int(created)
        if not -300 <= age <= LIFETIME.total_seconds():
            return None
        return Session(id=id_, created=int(created), claims_login=claims_login == "1")

    def form_token(self, session: Session) -> str:
        """Return the CSRF token of this session's forms."""
        return sign_text(self._key, "form", session.id, SIGNATURE_BYTES)

    def is_form_token(self, session: Session, token: str) -> bool:
        """Return whether a form's token belongs to this session."""
        return is_signed(self._key, "form", session.id, token, SIGNATURE_BYTES)

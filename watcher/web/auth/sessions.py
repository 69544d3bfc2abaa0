"""Sessions as signed cookies: a random id, when it was created, and whether the visitor logged in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.text.signing import is_signed, sign_text

COOKIE = "watcher_session"
LIFETIME = timedelta(days=30)
SIGNATURE_BYTES = 24
"""192 bits: 32 characters in a cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A visitor's session; `created` is in Unix seconds, `is_new` where this request creates it."""

    id: str
    created: int
    authenticated: bool = False
    is_new: bool = False


class Sessions:
    """Signs and parses session cookies. The key depends on the password, so a new password ends every session."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._ended: frozenset[str] = frozenset()

    def create(self, now: datetime, *, authenticated: bool = False) -> Session:
        """Return a session with a new id."""
        return Session(
            id=secrets.token_urlsafe(18), created=int(now.timestamp()), authenticated=authenticated, is_new=True
        )

    def format_cookie(self, session: Session) -> str:
        """Return the cookie's value."""
        value = f"{session.id}.{session.created}.{int(session.authenticated)}"
        signature = sign_text(self._key, "session", value, SIGNATURE_BYTES)
        return f"{value}.{signature}"

    def parse_cookie(self, cookie: str | None, now: datetime) -> Session | None:
        """Return the session of a cookie; None where its signature is wrong, it is too old, or was logged out."""
        value, _, signature = (cookie or "").rpartition(".")
        if not value or not is_signed(self._key, "session", value, signature, SIGNATURE_BYTES):
            return None
        id_, created, authenticated = value.split(".")
        age = now.timestamp() - int(created)
        if id_ in self._ended or not -300 <= age <= LIFETIME.total_seconds():
            return None
        return Session(id=id_, created=int(created), authenticated=authenticated == "1")

    def end(self, session: Session) -> None:
        """Log a session out; its cookie is invalid from now on."""
        self._ended |= {session.id}

    def replace_ended(self, session_ids: frozenset[str]) -> None:
        """Replace the ids of the sessions that were logged out, in this process or another."""
        self._ended = session_ids

    def form_token(self, session: Session) -> str:
        """Return the CSRF token of this session's forms."""
        return sign_text(self._key, "form", session.id, SIGNATURE_BYTES)

    def is_form_token(self, session: Session, token: str) -> bool:
        """Return whether a form's token belongs to this session."""
        return is_signed(self._key, "form", session.id, token, SIGNATURE_BYTES)

"""Sessions as signed cookies: a random id, when it was created, and whether the visitor logged in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

COOKIE = "watcher_session"
LIFETIME = timedelta(days=30)


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
        return f"{value}.{self._sign('session', value)}"

    def parse_cookie(self, cookie: str | None, now: datetime) -> Session | None:
        """Return the session of a cookie; None where its signature is wrong, it is too old, or was logged out."""
        value, _, signature = (cookie or "").rpartition(".")
        if not value or not hmac.compare_digest(self._sign("session", value).encode(), signature.encode()):
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
        return self._sign("form", session.id)

    def is_form_token(self, session: Session, token: str) -> bool:
        """Return whether a form's token belongs to this session."""
        return hmac.compare_digest(self.form_token(session).encode(), token.encode("utf-8", "replace"))

    def _sign(self, purpose: str, value: str) -> str:
        signature = hmac.new(self._key, f"{purpose}:{value}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return urlsafe_b64encode(signature[:24]).decode()

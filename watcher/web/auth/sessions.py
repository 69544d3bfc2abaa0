"""Sessions as a signed cookie: who the visitor is to us, since when, and whether they logged in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.text.signing import is_signed, sign_text

COOKIE = "watcher_session"
LIFETIME = timedelta(days=30)
_SIGNATURE_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A visitor: a random id, when it was given, and whether it logged in."""

    id: str
    began: int
    authenticated: bool = False
    fresh: bool = False


class Sessions:
    """Signs and reads session cookies. The key depends on the password, so changing that ends every session."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._ended: frozenset[str] = frozenset()

    def begin(self, now: datetime, *, authenticated: bool = False) -> Session:
        """Start a session under a new id."""
        return Session(
            id=secrets.token_urlsafe(18), began=int(now.timestamp()), authenticated=authenticated, fresh=True
        )

    def write(self, session: Session) -> str:
        """Give the cookie's value."""
        said = f"{session.id}.{session.began}.{int(session.authenticated)}"
        return f"{said}.{sign_text(self._key, 'session', said, _SIGNATURE_BYTES)}"

    def read(self, cookie: str | None, now: datetime) -> Session | None:
        """Read a cookie; None where it is not ours, too old, or was logged out."""
        said, _, seal = (cookie or "").rpartition(".")
        if not said or not is_signed(self._key, "session", said, seal, _SIGNATURE_BYTES):
            return None
        id_, began, authenticated = said.split(".")
        age = now.timestamp() - int(began)
        if id_ in self._ended or not -300 <= age <= LIFETIME.total_seconds():
            return None
        return Session(id=id_, began=int(began), authenticated=authenticated == "1")

    def end(self, session: Session) -> None:
        """Log a session out; its cookie is worth nothing from now on."""
        self._ended |= {session.id}

    def replace_ended(self, session_ids: frozenset[str]) -> None:
        """Take over which sessions were logged out, in this process or another."""
        self._ended = session_ids

    def form_token(self, session: Session) -> str:
        """Give the token that this session's forms carry."""
        return sign_text(self._key, "form", session.id, _SIGNATURE_BYTES)

    def is_form_token(self, session: Session, token: str) -> bool:
        """Tell whether a form came from a page that we gave to this session."""
        return is_signed(self._key, "form", session.id, token, _SIGNATURE_BYTES)

"""Checks passwords and tokens: argon2 for what a person chose, a plain comparison for a random token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from functools import cached_property

from watcher.app.people.passwords import MAX_PASSWORD_LENGTH, hash_password, is_password_of
from watcher.settings import Web

MAX_VERIFIED = 1_000
"""Passwords that are remembered as right, by a keyed hash: programs send one with every request."""


class VerifiedPasswords:
    """Checks passwords against argon2 hashes, and those that were right before without hashing them again."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(32)
        self._verified: OrderedDict[str, bytes] = OrderedDict()

    @cached_property
    def _nobodys_hash(self) -> str:
        """What is checked where there is nobody of a name, so that the time says nothing about who has an account."""
        return hash_password(secrets.token_urlsafe(16))

    def is_right(self, password_hash: str | None, password: str) -> bool:
        """Return whether a password has this hash; False, as slowly, for no hash. Call it through the HashingQueue."""
        if password_hash is None:
            is_password_of(self._nobodys_hash, password)
            return False
        digest = hmac.new(self._salt, password.encode("utf-8", "replace"), hashlib.sha256).digest()
        if hmac.compare_digest(digest, self._verified.get(password_hash, b"")):
            return True
        if not is_password_of(password_hash, password):
            return False
        self._verified[password_hash] = digest
        if len(self._verified) > MAX_VERIFIED:
            self._verified.popitem(last=False)
        return True


class Secrets:
    """The configured password (itself or its argon2 hash, `$argon2id$...`) and token; either may be absent."""

    def __init__(self, web: Web) -> None:
        self._password = web.password.get_secret_value() if web.password else None
        self._token = web.token.get_secret_value() if web.token else None

    @property
    def fingerprint(self) -> str:
        """Return text that changes when either does."""
        return f"{self._password!r}:{self._token!r}"

    def is_token(self, text: str) -> bool:
        """Return whether this is the token, in constant time."""
        return self._token is not None and hmac.compare_digest(self._token.encode(), text.encode("utf-8", "replace"))

    @cached_property
    def password_hash(self) -> str | None:
        """The argon2 hash of the configured password, None without one. Slow where the password itself is written."""
        if self._password is None or self._password.startswith("$argon2"):
            return self._password
        from argon2 import PasswordHasher  # whatever its length: it is written in the configuration

        return PasswordHasher().hash(self._password.encode("utf-8", "replace"))

    @property
    def has_password(self) -> bool:
        return self._password is not None


def is_plausible(password: str) -> bool:
    """Return whether a password is worth hashing."""
    return 0 < len(password) <= MAX_PASSWORD_LENGTH

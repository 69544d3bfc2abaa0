"""Checks passwords and tokens: argon2 for what a person chose, a plain comparison for a random token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from watcher.settings import Web

MAX_PASSWORD_LENGTH = 1024


class Secrets:
    """The configured password (itself or its argon2 hash, `$argon2id$...`) and token; either may be absent."""

    def __init__(self, web: Web) -> None:
        self._password = web.password.get_secret_value() if web.password else None
        self._token = web.token.get_secret_value() if web.token else None
        self._hasher = PasswordHasher()
        self._salt = secrets.token_bytes(32)
        self._verified = b""

    @property
    def any(self) -> bool:
        return self._password is not None or self._token is not None

    @property
    def fingerprint(self) -> str:
        """Return text that changes when either does."""
        return f"{self._password!r}:{self._token!r}"

    def is_token(self, text: str) -> bool:
        """Return whether this is the token, in constant time."""
        return self._token is not None and hmac.compare_digest(self._token.encode(), text.encode("utf-8", "replace"))

    def is_plausible(self, text: str) -> bool:
        """Return whether this may be the password and is worth hashing."""
        return self._password is not None and 0 < len(text) <= MAX_PASSWORD_LENGTH

    def is_password(self, text: str) -> bool:
        """Return whether this is the password. Slow by design: call it through the HashingQueue."""
        if not self.is_plausible(text):
            return False
        digest = hmac.new(self._salt, text.encode("utf-8", "replace"), hashlib.sha256).digest()
        if hmac.compare_digest(digest, self._verified):
            return True
        try:
            self._hasher.verify(self._hash, text.encode("utf-8", "replace"))
        except (Argon2Error, InvalidHashError):
            return False
        self._verified = digest
        return True

    @cached_property
    def _hash(self) -> str:
        password = self._password or ""
        return password if password.startswith("$argon2") else self._hasher.hash(password)

"""Checks passwords and tokens: argon2 for what a person made up, a plain comparison for what a machine drew."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from watcher.settings import Web

LONGEST_PASSWORD = 1024


class Secrets:
    """What is configured: a password (as itself or as its argon2 hash, `$argon2id$...`), a token, both, or neither."""

    def __init__(self, web: Web) -> None:
        self._password = web.password.get_secret_value() if web.password else None
        self._token = web.token.get_secret_value() if web.token else None
        self._hasher = PasswordHasher()
        self._salt = secrets.token_bytes(32)
        self._known_good = b""

    @property
    def any(self) -> bool:
        return self._password is not None or self._token is not None

    @property
    def fingerprint(self) -> str:
        """Give what changes when any of them does."""
        return f"{self._password!r}:{self._token!r}"

    def is_token(self, text: str) -> bool:
        """Return whether this is the token, in a time that says nothing of how much of it is right."""
        return self._token is not None and hmac.compare_digest(self._token.encode(), text.encode("utf-8", "replace"))

    def may_be_password(self, text: str) -> bool:
        """Return whether it is worth hashing this."""
        return self._password is not None and 0 < len(text) <= LONGEST_PASSWORD

    def is_password(self, said: str) -> bool:
        """Return whether this is the password. Slow by design: to be called through the HashingQueue."""
        if not self.may_be_password(said):
            return False
        mark = hmac.new(self._salt, said.encode("utf-8", "replace"), hashlib.sha256).digest()
        if hmac.compare_digest(mark, self._known_good):
            return True
        try:
            self._hasher.verify(self._hash, said.encode("utf-8", "replace"))
        except (Argon2Error, InvalidHashError):
            return False
        self._known_good = mark
        return True

    @cached_property
    def _hash(self) -> str:
        password = self._password or ""
        return password if password.startswith("$argon2") else self._hasher.hash(password)

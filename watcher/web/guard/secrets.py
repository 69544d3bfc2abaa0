"""Checks passwords and tokens: argon2 for what a person made up, a plain comparison for what a machine drew."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from watcher.settings import Web


class Secrets:
    """What is configured: a password (as itself or as its argon2 hash, `$argon2id$...`), a token, both, or neither."""

    def __init__(self, web: Web) -> None:
        self._password = web.password.get_secret_value() if web.password else None
        self._token = web.token.get_secret_value() if web.token else None
        self._hasher = PasswordHasher()
        self._one_at_a_time = threading.Lock()
        self._salt = secrets.token_bytes(32)
        self._known_good = b""

    @property
    def any(self) -> bool:
        return self._password is not None or self._token is not None

    @property
    def fingerprint(self) -> str:
        """Give what changes when any of them does."""
        return f"{self._password!r}:{self._token!r}"

    def is_token(self, said: str) -> bool:
        """Tell whether this is the token."""
        return self._token is not None and hmac.compare_digest(self._token.encode(), said.encode("utf-8", "replace"))

    def is_good(self, said: str) -> bool:
        """Tell whether this is the password or the token. Slow by design: to be called in a thread."""
        if self.is_token(said):
            return True
        if self._password is None or len(said) > 1024:
            return False
        mark = hmac.new(self._salt, said.encode("utf-8", "replace"), hashlib.sha256).digest()
        if hmac.compare_digest(mark, self._known_good):
            return True
        # One at a time: a flood of guesses must not take 64 MiB each.
        with self._one_at_a_time:
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

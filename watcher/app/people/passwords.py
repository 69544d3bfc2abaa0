"""Passwords of people: argon2, and slow by design. Callers bound how many are hashed at once."""

from __future__ import annotations

from watcher.errors import UsageError

MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 1024
"""In characters; what is longer is not hashed."""


def hash_password(password: str) -> str:
    """Return the argon2 hash of a new password. Raises UsageError where it is too short or too long."""
    from argon2 import PasswordHasher  # imported where a password is set: few commands do

    if len(password) < MIN_PASSWORD_LENGTH:
        raise UsageError(f"the password is shorter than {MIN_PASSWORD_LENGTH} characters")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise UsageError(f"the password is longer than {MAX_PASSWORD_LENGTH} characters")
    return PasswordHasher().hash(password.encode("utf-8", "surrogatepass"))


def is_password_of(password_hash: str, password: str) -> bool:
    """Return whether a password has this hash; takes some 50 ms of a processor."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    if not 0 < len(password) <= MAX_PASSWORD_LENGTH:
        return False
    try:
        return PasswordHasher().verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (Argon2Error, InvalidHashError):
        return False

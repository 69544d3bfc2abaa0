"""Checks the signature of a push (WebSub 7, "Authenticated Content Distribution")."""

from __future__ import annotations

import hmac

_METHODS = {"sha1", "sha256", "sha384", "sha512"}


def is_signed(secret: str, header: str, body: bytes) -> bool:
    """Return whether a body is signed with a secret; `header` is X-Hub-Signature: `method=hexdigest`."""
    method, _, signature = header.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "replace"))

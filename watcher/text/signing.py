"""Signatures over short texts that go out and come back: links in mail, cookies, form tokens (HMAC-SHA256)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

LINK_SIGNATURE_BYTES = 16
"""128 bits: 22 characters in an address."""


def sign_text(key: bytes, purpose: str, text: str, size: int = LINK_SIGNATURE_BYTES) -> str:
    """Return the first `size` bytes of a signature in base64url without padding.

    `purpose` is signed as well: what is signed for one purpose proves nothing for another.
    """
    digest = hmac.digest(key, f"{purpose}:{text}".encode("utf-8", "replace"), "sha256")
    return urlsafe_b64encode(digest[:size]).decode().rstrip("=")


def is_signed(key: bytes, purpose: str, text: str, signature: str, size: int = LINK_SIGNATURE_BYTES) -> bool:
    """Return whether `signature` is that of a text for a purpose, in constant time."""
    return hmac.compare_digest(sign_text(key, purpose, text, size).encode(), signature.encode("utf-8", "replace"))

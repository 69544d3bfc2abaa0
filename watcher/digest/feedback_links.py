"""Signed tokens that carry a reader's judgement about one hit (HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

JUDGEMENTS = ("relevant", "irrelevant")
_TOKEN = re.compile(r"([0-9]{1,18})\.(r|i)\.([A-Za-z0-9_-]{22})")


def sign_feedback(secret: bytes, hit_id: int, label: str) -> str:
    """Return a token for a judgement about a hit: short, safe in an address, valid for as long as the key.

    Raises ValueError for an unknown judgement.
    """
    if label not in JUDGEMENTS:
        raise ValueError(f"{label!r} is none of {', '.join(JUDGEMENTS)}")
    body = f"{hit_id}.{label[0]}"
    return f"{body}.{_compute_signature(secret, body)}"


def verify_feedback(secret: bytes, token: str) -> tuple[int, str] | None:
    """Return the hit and the judgement of a token; None where its signature is not ours."""
    match = _TOKEN.fullmatch(token)
    if match is None or not hmac.compare_digest(_compute_signature(secret, f"{match[1]}.{match[2]}"), match[3]):
        return None
    return int(match[1]), next(label for label in JUDGEMENTS if label[0] == match[2])


def _compute_signature(secret: bytes, body: str) -> str:
    signature = hmac.new(secret, b"label:" + body.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(signature[:16]).decode().rstrip("=")

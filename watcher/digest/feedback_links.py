"""Relevance buttons: links that carry a judgement about one hit and prove that we made them (HMAC-SHA256)."""

from __future__ import annotations

import re

from watcher.text.signing import is_signed, sign_text

JUDGEMENTS = ("relevant", "irrelevant")
_PURPOSE = "label"
_TOKEN = re.compile(r"([0-9]{1,18})\.(r|i)\.([A-Za-z0-9_-]{22})")


def sign_feedback(secret: bytes, hit_id: int, label: str) -> str:
    """Make a token that stands for a judgement about a hit: short, safe in an address, valid for as long as the key.

    Raises ValueError for a judgement that there is not.
    """
    if label not in JUDGEMENTS:
        raise ValueError(f"{label!r} is none of {', '.join(JUDGEMENTS)}")
    said = f"{hit_id}.{label[0]}"
    return f"{said}.{sign_text(secret, _PURPOSE, said)}"


def verify_feedback(secret: bytes, token: str) -> tuple[int, str] | None:
    """Give the hit and the judgement that a token stands for; None where it is not ours."""
    found = _TOKEN.fullmatch(token)
    if found is None or not is_signed(secret, _PURPOSE, f"{found[1]}.{found[2]}", found[3]):
        return None
    return int(found[1]), next(label for label in JUDGEMENTS if label[0] == found[2])

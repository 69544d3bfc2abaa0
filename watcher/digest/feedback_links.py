"""Signed tokens that carry a reader's judgement about one hit or one proposal (HMAC-SHA256)."""

from __future__ import annotations

import re

from watcher.text.signing import is_signed, sign_text

JUDGEMENTS = ("relevant", "irrelevant")
_PURPOSE = "label"
_PROPOSAL_PURPOSE = "proposal"
_PROPOSAL_TOKEN = re.compile(r"p([0-9]{1,18})\.(r|i)\.([A-Za-z0-9_-]{22})")
_TOKEN = re.compile(r"([0-9]{1,18})\.(r|i)\.([A-Za-z0-9_-]{22})")


def sign_feedback(secret: bytes, hit_id: int, label: str) -> str:
    """Return a token for a judgement about a hit: short, safe in an address, valid for as long as the key.

    Raises ValueError for an unknown judgement.
    """
    return _sign(secret, _PURPOSE, hit_id, label)


def verify_feedback(secret: bytes, token: str) -> tuple[int, str] | None:
    """Return the hit and the judgement of a token; None where its signature is not ours."""
    return _verify(secret, _PURPOSE, _TOKEN.fullmatch(token))


def sign_proposal_feedback(secret: bytes, proposal_id: int, label: str) -> str:
    """Return a token for a judgement about a proposal, which no token about a hit can be mistaken for.

    Raises ValueError for an unknown judgement.
    """
    return f"p{_sign(secret, _PROPOSAL_PURPOSE, proposal_id, label)}"


def verify_proposal_feedback(secret: bytes, token: str) -> tuple[int, str] | None:
    """Return the proposal and the judgement of a token; None where its signature is not ours."""
    return _verify(secret, _PROPOSAL_PURPOSE, _PROPOSAL_TOKEN.fullmatch(token))


def _sign(secret: bytes, purpose: str, number: int, label: str) -> str:
    if label not in JUDGEMENTS:
        raise ValueError(f"{label!r} is none of {', '.join(JUDGEMENTS)}")
    body = f"{number}.{label[0]}"
    return f"{body}.{sign_text(secret, purpose, body)}"


def _verify(secret: bytes, purpose: str, match: re.Match[str] | None) -> tuple[int, str] | None:
    if match is None or not is_signed(secret, purpose, f"{match[1]}.{match[2]}", match[3]):
        return None
    return int(match[1]), next(label for label in JUDGEMENTS if label[0] == match[2])

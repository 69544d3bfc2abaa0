"""Payloads of messages: everything that sending needs, fixed as JSON text when a digest is composed."""

from __future__ import annotations

import json
from typing import Any


def dump_payload(**parts: Any) -> str:
    """Return the parts of a message as JSON."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def load_payload(payload: str) -> dict[str, Any]:
    """Return the parts of a message."""
    parts = json.loads(payload)
    assert isinstance(parts, dict)
    return parts

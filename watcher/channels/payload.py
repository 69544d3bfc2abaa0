"""What is frozen when a digest is composed: everything that sending needs, as JSON text."""

from __future__ import annotations

import json
from typing import Any


def dump_payload(**parts: Any) -> str:
    """Write the parts of a message."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def load_payload(payload: str) -> dict[str, Any]:
    """Read the parts of a message."""
    said = json.loads(payload)
    assert isinstance(said, dict)
    return said

"""How an entry's media files stand in its row: JSON, [[address, type, bytes], ...], empty where there are none."""

from __future__ import annotations

import json
from collections.abc import Sequence

from watcher.model.entry import Enclosure


def format_enclosures(enclosures: Sequence[Enclosure]) -> str:
    """Return the text of a column that holds media files."""
    if not enclosures:
        return ""
    return json.dumps(
        [[enclosure.url, enclosure.type, enclosure.bytes] for enclosure in enclosures], separators=(",", ":")
    )


def parse_enclosures(written: str) -> tuple[Enclosure, ...]:
    """Return the media files that a column holds."""
    if not written:
        return ()
    return tuple(Enclosure(url=url, type=kind, bytes=size) for url, kind, size in json.loads(written))

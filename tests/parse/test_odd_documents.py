"""Every odd document under tests/feeds is read as the file beside it says."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import ParseError
from watcher.parse import parse_bytes

FOLDER = Path(__file__).parent.parent / "feeds"
URL = "https://feeds.post.example/rss/all.xml"
CASES = sorted(path for path in FOLDER.iterdir() if not path.name.endswith(".expected.json"))


def expected_of(path: Path) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{path.name.rsplit('.', 1)[0]}.expected.json").read_text()))


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in CASES])
def test_odd_document_is_read_as_expected(path: Path) -> None:
    expected = expected_of(path)
    content_type = expected.pop("content_type", None)
    error = expected.pop("error", None)

    if error is not None:
        with pytest.raises(ParseError) as caught:
            parse_bytes(path.read_bytes(), URL, content_type)
        assert caught.value.kind == error
        return
    parsed = parse_bytes(path.read_bytes(), URL, content_type)

    items = expected.pop("items")
    read = [
        {name: plain(getattr(item, name)) for name in facts} for item, facts in zip(parsed.items, items, strict=True)
    ]
    assert read == items
    why = expected.pop("degraded", None)
    assert parsed.degraded is None if why is None else (parsed.degraded or "").startswith(why)
    for name, value in expected.pop("hints", {}).items():
        assert plain(getattr(parsed.hints, name)) == value
    assert {name: plain(getattr(parsed, name)) for name in expected} == expected


def test_every_odd_document_has_its_expectations_beside() -> None:
    assert len(CASES) == len(list(FOLDER.glob("*.expected.json")))

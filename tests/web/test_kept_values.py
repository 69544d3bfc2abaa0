"""What is kept for those who ask again: by its whole key, and no more than its capacity."""

from __future__ import annotations

import pytest

from watcher.web.kept_values import KeptValues


def test_a_value_is_made_once_for_each_key_until_it_is_forgotten() -> None:
    made: list[str] = []
    kept: KeptValues[str] = KeptValues(10)

    def make(text: str) -> str:
        made.append(text)
        return text

    assert [kept.get(key, lambda key=key: make(f"{key}!")) for key in "abab"] == ["a!", "b!", "a!", "b!"]  # type: ignore[misc]
    kept.clear()
    assert kept.get("a", lambda: make("anew")) == "anew"
    assert made == ["a!", "b!", "anew"]


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    kept: KeptValues[str] = KeptValues(10, len)
    for key in ("aaaa", "bbbb", "aaaa", "cccc"):
        kept.get(key, lambda key=key: key)  # type: ignore[misc]

    assert kept.get("aaaa", lambda: "new") == "aaaa"
    assert kept.get("bbbb", lambda: "new") == "new"
    assert kept.get("too long", lambda: "x" * 11) == "x" * 11
    assert kept.get("too long", lambda: "again") == "again"


def test_what_cannot_be_made_is_not_kept() -> None:
    kept: KeptValues[int] = KeptValues(10)

    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 2) == 2

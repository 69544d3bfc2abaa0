"""A digest is cut into messages that a service takes, between stories, with nothing lost unsaid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.digest.told import digest, told
from watcher.digest.links import Links
from watcher.digest.markdown import render_markdown
from watcher.digest.message_parts import MAX_PARTS, count_utf16_units, cut_text, split_markdown

LINKS = Links(base_url="https://watch.example")


@pytest.mark.parametrize("limit", [160, 400, 1600, 3276])
@pytest.mark.parametrize("stories", [1, 12, 200])
def test_each_part_is_within_the_limit_and_what_is_left_out_is_counted(limit: int, stories: int) -> None:
    made = digest([told(n, title=f"Five Eyes meet {n} 🛰") for n in range(1, stories + 1)])
    whole = render_markdown(made, LINKS)

    parts = split_markdown(whole, limit, "https://watch.example/digests")

    assert len(parts) <= MAX_PARTS
    assert all(0 < count_utf16_units(part) <= limit for part in parts)
    shown = sum(part.count("- **") for part in parts)
    listed = whole.count("- **")
    if shown < listed and limit > 300:
        assert f"{listed - shown} more" in parts[-1]
        assert "https://watch.example/digests" in parts[-1]


def test_digest_that_fits_is_one_part_as_it_was() -> None:
    whole = render_markdown(digest([told()]), LINKS)

    assert split_markdown(whole, 10_000) == (whole.strip(),)


@given(st.text(max_size=3000), st.integers(120, 900))
def test_no_text_makes_a_part_too_long(text: str, limit: int) -> None:
    assert all(count_utf16_units(part) <= limit for part in split_markdown(text, limit))


@given(st.text(max_size=400), st.integers(2, 300))
def test_cut_text_is_within_its_limit(text: str, limit: int) -> None:
    assert count_utf16_units(cut_text(text, limit)) <= limit

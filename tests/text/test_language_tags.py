"""Language tags in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.language_tags import parse_language_tag


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("pt_BR", "pt-BR"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("de-DE-1996", "de-DE"),
        ("English", "en"),
        ("ua", "uk"),
        ("rss_2.0", None),
        ("rss", None),
        ("fr,en", "fr"),
        ("xx, pt-br", "pt-BR"),
        ("en-us; de", "en-US"),
        ("de_DE.UTF-8", "de-DE"),
        ("eng", "en"),
        ("ger", "de"),
        ("deu-AT", "de-AT"),
        ("iw", "he"),
        ("Français", "fr"),
        ("en-us-x-private", "en-US"),
        ("fil-PH", "fil-PH"),
        ("gsw", "gsw"),
        ("und", None),
        ("x-default", None),
        ("utf-8", None),
        ("html", None),
        ("1", None),
        ("", None),
        (None, None),
        ("no language", None),
        ("x", None),
    ],
)
def test_tags_come_in_one_form(raw: str | None, tag: str | None) -> None:
    assert parse_language_tag(raw) == tag


@given(st.text(max_size=20))
def test_a_tag_is_its_own_form(raw: str) -> None:
    tag = parse_language_tag(raw)

    assert tag is None or parse_language_tag(tag) == tag

"""A headline in Arabic or Hebrew stands the right way round beside English, in every form of a digest."""

from __future__ import annotations

import json
import re

import pytest

from tests.digest.told import digest, told
from watcher.channels.slack.render import render_slack
from watcher.digest.html import render_html
from watcher.digest.links import Links
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.text.bidi import isolate

LINKS = Links(base_url="https://watch.example")

ARABIC = "جهاز المخابرات يكشف spy شبكة (2026) تجسس!"
HEBREW = "שר הביטחון: Five Eyes לא תשותף!"


@pytest.mark.parametrize("title", [ARABIC, HEBREW])
def test_right_to_left_headline_is_isolated_in_plain_forms(title: str) -> None:
    made = digest([told(title=title, language="ar", source="صحيفة الشمال")])

    assert f"\u2068{title}\u2069" in " ".join(render_text(made, LINKS).split())
    assert "\u2068صحيفة الشمال\u2069" in render_text(made, LINKS)
    assert "\u2068" in render_markdown(made, LINKS)
    assert f"\u2068{title}\u2069" in json.dumps(render_slack(made, LINKS), ensure_ascii=False)


@pytest.mark.parametrize("title", [ARABIC, HEBREW])
def test_headline_names_its_direction_and_language_in_html(title: str) -> None:
    written = render_html(digest([told(title=title, language="ar")]), LINKS)

    assert re.search(r'<div[^>]* dir="auto"[^>]* lang="ar"', written)
    assert "<bdi>" in written


def test_headline_of_left_to_right_scripts_stands_as_it_is() -> None:
    assert isolate("Разведка и Five Eyes, 五眼联盟") == "Разведка и Five Eyes, 五眼联盟"
    assert isolate("") == ""


def test_isolate_within_outside_text_cannot_end_ours() -> None:
    assert isolate("א\u2069ב") == "\u2068אב\u2069"

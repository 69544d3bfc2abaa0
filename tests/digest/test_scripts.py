"""Briefs of reports in scripts that are written from right to left, or without blanks."""

from __future__ import annotations

import unicodedata

import pytest

from tests.digest.told import HOUR, NOON, digest, told
from watcher.digest.compose import compose_digest
from watcher.digest.format_helpers import format_preheader
from watcher.digest.html import render_html
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import LINE_WIDTH, render_text
from watcher.model.digest import Coverage, Digest, Subscription
from watcher.model.digest_story import StoryHistory
from watcher.model.event import EventReport
from watcher.model.topic import Topic
from watcher.stories import summarise_event
from watcher.stories.facts import list_sentences
from watcher.text.bidi import isolate
from watcher.text.line_breaks import find_line_break

ADDED = {
    "ar": "هل يعقد اجتماع ثان؟ دعا رئيس الوزراء إلى اجتماع ثان في كانبرا يوم 14 مارس بشكل عاجل.",
    "zh": "「我们会重新评估全部情报渠道。」总理紧急召集三月十四日在堪培拉举行的第二次会议。",
    "ja": "首相は三月十四日にキャンベラで二回目の会合を緊急に招集した。「全ての経路を見直す」と述べた。",
    "he": "ראש הממשלה כינס פגישה שנייה בקנברה ב-14 במרץ בהתראה קצרה. האם תתקיים?",
    "hi": "प्रधानमंत्री ने कैनबरा में 14 मार्च को दूसरी बैठक तत्काल बुलाई। क्या वह होगी?",
}
FIRST = {
    "ar": "العيون الخمس تتفق على مراجعة تبادل المعلومات",
    "zh": "五眼联盟同意审查情报共享安排",
    "ja": "ファイブ・アイズ情報共有の見直しで合意",
    "he": "חמש העיניים מסכימות לבחון את שיתוף המודיעין",
    "hi": "फाइव आइज़ खुफिया साझेदारी की समीक्षा पर सहमत",
}


def count_columns(text: str) -> int:
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
        if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )


def follow_up(language: str) -> Digest:
    """A story that a digest reported, with a new report in the same language that adds two sentences."""
    first = EventReport(
        entry_id=1, title=FIRST[language], text="", outlet="甲", language=language, first_seen_at=NOON - 3 * HOUR
    )
    second = EventReport(
        entry_id=2, title=FIRST[language] + " 2", text=ADDED[language], outlet="صحيفة الميناء", language=language,
        first_seen_at=NOON - HOUR,
    )  # fmt: skip
    facts = summarise_event([first, second], languages=(language,))
    hits = [
        told(number, title=report.title, summary=report.text, language=language, source=report.outlet, story_id=7,
             evidence=(), score=1 - number / 10)
        for number, report in enumerate([first, second], 1)
    ]  # fmt: skip
    subscription = Subscription(name="daily", schedule="0 7 * * *", channels=("mail",), language=language)
    histories = {7: StoryHistory(facts=facts, reported_at=NOON - 24 * HOUR, reported_in=3)}
    topics, window = [Topic(id="eyes", name="Five Eyes", query="")], (NOON - 24 * HOUR, NOON)
    return compose_digest(subscription, NOON, hits, topics, Coverage(feeds=1, fresh=1), window, histories=histories)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("他说不会去。「我们在这里。」记者报道！完", ("他说不会去。", "「我们在这里。」", "记者报道！", "完")),
        ("終わった｡次へ。", ("終わった｡", "次へ。")),
        ("ہم نے کہا۔ وہ نہیں آئے۔ کیوں؟ معلوم نہیں", ("ہم نے کہا۔", "وہ نہیں آئے۔", "کیوں؟", "معلوم نہیں")),
        ("हाँ। नहीं॥ क्यों?", ("हाँ।", "नहीं॥", "क्यों?")),
        ("هل ستنعقد؟ نعم.", ("هل ستنعقد؟", "نعم.")),
        ("Այո։ Ոչ։", ("Այո։", "Ոչ։")),
        ("አዎ። አይደለም።", ("አዎ።", "አይደለም።")),
        ("Version 2.5 is out. It costs 3,50.", ("Version 2.5 is out.", "It costs 3,50.")),
    ],
)
def test_sentences_end_by_the_marks_of_their_script(text: str, sentences: tuple[str, ...]) -> None:
    assert list_sentences(text) == sentences


@pytest.mark.parametrize("language", ADDED)
def test_brief_of_a_follow_up_holds_what_is_new_whole_in_every_form(language: str) -> None:
    composed = follow_up(language)

    added = composed.stories[0].additions[0].sentence
    assert added in ADDED[language]
    assert "What is new" in render_text(composed)
    assert added in "".join(render_text(composed).split("\n      ")) or added in " ".join(render_text(composed).split())
    for written in (render_html(composed), render_markdown(composed)):
        assert added in written
    assert f'lang="{language}"' in render_html(composed)


@pytest.mark.parametrize("language", ADDED)
def test_lines_of_plain_text_are_no_wider_than_the_text_in_any_script(language: str) -> None:
    composed = digest([told(1, title=FIRST[language] * 3, summary=ADDED[language] * 4, language=language, evidence=())])

    lines = render_text(composed).splitlines()

    # A closing mark may stand in the margin, which no line begins with.
    assert max(count_columns(line) for line in lines if "://" not in line) <= LINE_WIDTH + 4


def test_breaking_loses_no_letter_and_begins_no_line_with_a_full_stop() -> None:
    text = "堪培拉紧急召集第二次会议，" * 9 + "see https://news.example/" + "a" * 90 + " 完。"
    lines, rest = [], text
    while (place := find_line_break(rest, 40)) is not None:
        lines.append(rest[: place[0]])
        rest = rest[place[1] :]
    lines.append(rest)

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not [line for line in lines if line.startswith(("，", "。"))]
    assert any("a" * 90 in line for line in lines)


def test_headlines_from_right_to_left_keep_their_order_in_what_a_mail_program_previews() -> None:
    titles = [FIRST["ar"], FIRST["he"]]
    composed = digest([told(1), *(told(n, title=title, score=0.1, evidence=()) for n, title in enumerate(titles, 2))])

    assert all(isolate(title) in format_preheader(composed) for title in titles)

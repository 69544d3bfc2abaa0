"""The brief of a story: citable, whole, and safe whatever reports say, as Markdown and as a document."""

from __future__ import annotations

import io
from datetime import timedelta

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.digest.told import ADDRESSES, COVERAGE, NOON, WORDS
from watcher.digest.story_brief import BriefText, build_brief_text
from watcher.digest.story_docx import render_story_docx
from watcher.digest.story_markdown import render_story_markdown
from watcher.model.event import EventReport, HeadlineEdit
from watcher.stories import summarise_event

HOUR = timedelta(hours=1)


def report(entry_id: int, **how: object) -> EventReport:
    given: dict[str, object] = {
        "entry_id": entry_id, "title": f"Partners meet in Ottawa, report {entry_id}", "outlet": f"Outlet {entry_id}",
        "language": "en", "url": f"https://o{entry_id}.example/1", "first_seen_at": NOON + entry_id * HOUR,
    }  # fmt: skip
    return EventReport(**(given | how))  # type: ignore[arg-type]


def brief(*reports: EventReport) -> BriefText:
    facts = summarise_event(reports, languages=("en",))
    return build_brief_text(7, facts, COVERAGE, (NOON - 24 * HOUR, NOON), NOON, "Europe/Berlin")


def read_docx(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)


def test_a_brief_cites_each_report_with_its_times_and_says_how_much_was_watched() -> None:
    first = report(1, published_at=NOON - HOUR, text="The partners meet to talk about 14 radars.")
    copy = report(2, title=first.title, text=first.text, copy=True)
    edited = report(3, edits=(HeadlineEdit(old="Partners refuse", new="Partners meet", replaced_at=NOON),))

    text = brief(first, copy, edited)

    for written in (render_story_markdown(text), read_docx(render_story_docx(text))):
        for words in (
            "First reported by Outlet 1 at 2 Mar 2026, 12:00 UTC+01:00",
            "3 reports: 2 outlets with a report of their own, 1 copy.",
            "published 2 Mar 2026, 12:00 UTC+01:00, seen 2 Mar 2026, 14:00 UTC+01:00",
            "no plausible time of publication, seen 2 Mar 2026, 15:00 UTC+01:00",
            "nearly word for word.",
            "Headline was “Partners refuse” until 2 Mar 2026, 13:00 UTC+01:00.",
            "Watched 47 of 52 feeds on time.",
            "About 6 items may be missing",
            "Story 7, as known at",
        ):
            assert words in written, words


def test_reports_of_a_document_lead_to_the_web_and_nowhere_else() -> None:
    text = brief(report(1), report(2, url="javascript:alert(1)"), report(3, url="file:///etc/passwd"))

    document = docx.Document(io.BytesIO(render_story_docx(text)))

    targets = {relation.target_ref for relation in document.part.rels.values() if relation.is_external}
    assert targets == {"https://o1.example/1"}


@pytest.mark.parametrize("title", ["مسؤولان: قناة منفصلة", "堪培拉启动审查", "שר הביטחון"])
def test_titles_of_every_script_are_whole(title: str) -> None:
    text = brief(report(1, title=title, language=None))

    assert title in render_story_markdown(text)
    assert title in read_docx(render_story_docx(text))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS, ADDRESSES), min_size=1, max_size=4))
def test_no_report_becomes_markup(drawn: list[tuple[str, str, str, str | None]]) -> None:
    text = brief(
        *(
            report(number, title=title, outlet=outlet or "x", text=body, url=url)
            for number, (title, outlet, body, url) in enumerate(drawn, 1)
        )
    )

    tokens = MarkdownIt("commonmark").enable("table").parse(render_story_markdown(text))
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert not kinds & {"html_block", "html_inline", "code_block", "fence", "code_inline", "image", "table_open"}
    assert sum(token.type == "heading_open" and token.tag == "h1" for token in tokens) == 1
    assert read_docx(render_story_docx(text))

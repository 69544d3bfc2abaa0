"""HTML, text and Markdown: whole, escaped, small enough, and right where a template of somebody's own is not."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from lxml import html as reader
from markdown_it import MarkdownIt

from tests.digest.told import COVERAGE, HOUR, NOON, digest, hostile_hits, told
from watcher.digest.format_helpers import format_subject
from watcher.digest.html import render_html
from watcher.digest.links import Links
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.digest.unsubscribe_links import add_unsubscribe_to_html, add_unsubscribe_to_text
from watcher.model.digest_story import DigestHit
from watcher.model.topic import Evidence, Origin

LINKS = Links(base_url="https://watch.example", secret=b"key")
SAFE = {
    "html",
    "bdi",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "h1",
    "h2",
    "a",
    "b",
    "i",
    "mark",
    "ul",
    "li",
    "del",
    "ins",
    "span",
    "p",
}


@settings(max_examples=60, deadline=None)
@given(hostile_hits())
def test_no_news_becomes_markup_in_html(hits: list[DigestHit]) -> None:
    html = render_html(digest(hits, alarms=("<b>far</b> more",), troubles=("<i>x</i>",), title="<u>T</u>"), LINKS)

    page = reader.document_fromstring(html.encode())
    assert {element.tag for element in page.iter(reader.etree.Element)} <= SAFE
    assert all(link.startswith(("http://", "https://")) for link in page.xpath("//a/@href"))
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert len(html.encode()) <= 90_000


@settings(max_examples=60, deadline=None)
@given(hostile_hits(most=8))
def test_no_news_becomes_markup_in_markdown(hits: list[DigestHit]) -> None:
    markdown = render_markdown(digest(hits, title="The # day"), LINKS)

    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert not kinds & {"html_block", "html_inline", "code_block", "fence", "code_inline", "image", "blockquote_open",
                        "ordered_list_open", "table_open"}  # fmt: skip
    assert {token.tag for token in tokens if token.type == "heading_open"} <= {"h1", "h2", "h3"}
    assert sum(token.type == "heading_open" and token.tag == "h1" for token in tokens) == 1


def test_a_summary_that_begins_like_a_list_is_none_wherever_its_evidence_begins() -> None:
    for summary, start, end in ((" 1. one", 0, 1), ("1. one", 0, 1), ("  - item", 1, 3), ("+ item", 0, 1)):
        marks = (Evidence(field="summary", start=start, end=end, text=summary[start:end], clause="c"),)

        tokens = MarkdownIt("commonmark").parse(render_markdown(digest([told(summary=summary, evidence=marks)])))

        kinds = [token.type for token in tokens]
        assert "ordered_list_open" not in kinds
        assert kinds.count("list_item_open") == 1 + len(COVERAGE.notes)


@settings(max_examples=60, deadline=None)
@given(hostile_hits(most=3))
def test_a_subject_is_one_line_whatever_headlines_hold(hits: list[DigestHit]) -> None:
    subject = format_subject(digest(hits, title="The day\r\nBcc: all@desk.example"))

    assert subject.isprintable()
    assert 0 < len(subject) <= 180


@settings(max_examples=40, deadline=None)
@given(hostile_hits())
def test_text_holds_no_control_characters(hits: list[DigestHit]) -> None:
    text = render_text(digest(hits), LINKS)

    # First-strong isolates are ours: around words of right-to-left scripts.
    assert text.replace("\n", "").replace("\u2068", "").replace("\u2069", "").isprintable()


def test_a_digest_of_any_size_stays_below_what_mail_readers_cut_off() -> None:
    for count in (1, 70, 200, 1000):
        hits = [told(n, summary="of what is known " * 40, topic_id=("eyes", "grid")[n % 2]) for n in range(count)]

        page = render_html(digest(hits), LINKS)

        shown = page.count('class="row"')
        missing = sum(int(more) for more in re.findall(r">(\d+) more stor(?:y|ies)", page))
        assert len(page.encode()) <= 90_000
        assert shown + missing == count
        assert len(render_text(digest(hits), LINKS)) < 100_000


def test_the_most_important_stories_keep_their_summaries_in_a_long_digest() -> None:
    hits = [told(n, summary="what is known of it", topic_id=("eyes", "grid")[n % 2]) for n in range(400)]

    page = reader.document_fromstring(render_html(digest(hits), LINKS))

    rows = page.xpath("//div[@class='row']")
    assert [bool(row.xpath("div[@class='said']")) for row in rows[:6]] == [True] * 5 + [False]
    assert [heading.text.strip() for heading in page.xpath("//h2")] == ["In brief", "The stories"]


def test_what_does_not_fit_leads_to_the_page_from_the_earliest_hit_on() -> None:
    shown = digest([told(1, matched_at=NOON - 30 * HOUR), told(2), told(3)], max_stories=2)

    where = "https://watch.example/hits?topic=eyes&since=2026-03-01T06:00Z"
    assert where.replace("&", "&amp;") in render_html(shown, LINKS)
    assert f"1 more story: {where}" in render_text(shown, LINKS)
    assert f"[1 more story](<{where}>)" in render_markdown(shown, LINKS)


def test_news_and_edits_stand_before_finds_from_the_archive() -> None:
    hits = [
        told(1, origin=Origin.BACKFILL, score=9.0),
        told(2, baseline=True, score=9.0),
        told(3, edited=True, former_title="Five Eyes deny it", score=0.5),
        told(4, score=0.5),
    ]

    text = render_text(digest(hits))

    order = [
        "== The stories ==", "report 4 [New]", "report 3 [Changed]", "Changed from “Five Eyes deny it”",
        "Found later in stored items", "report 1", "Older than your watch", "report 2",
    ]  # fmt: skip
    told_of = text[text.index("== The stories") :]
    places = [told_of.index(part) for part in order]
    assert places == sorted(places)
    assert "<del>deny it</del>" in render_html(digest(hits))


def test_a_flood_from_the_archive_pushes_no_news_out() -> None:
    flood = [told(n, origin=Origin.BACKFILL, score=9.0) for n in range(100)]

    shown = digest([*flood, told(200, score=0.1)], max_stories=5)

    assert shown.sections[0].stories[0].lead.hit_id == 200
    assert shown.sections[0].more == 96


def test_one_row_for_a_story_with_its_outlets_and_the_words_that_matched() -> None:
    marks = (Evidence(field="summary", start=5, end=9, text="meet", clause="meet"),)
    hits = [told(1, story_id=1, evidence=marks), told(2, story_id=1, source="Harbour Times"),
            told(3, story_id=1, source="Wire")]  # fmt: skip

    page = reader.document_fromstring(render_html(digest(hits), LINKS))

    [row] = page.xpath("//div[@class='row']")
    assert [mark.text for mark in row.iter("mark")] == ["meet"]
    assert "First: Northern Post, 11:00. Then Harbour Times 11:00, Wire 11:00." in row.text_content()


def test_coverage_troubles_and_alarms_are_in_every_form() -> None:
    shown = digest([], alarms=("Grid: far more",), troubles=("1 message did not arrive",))

    for written in (render_html(shown), render_text(shown), render_markdown(shown)):
        for words in ("47 of 52 feeds", "About 6 items", "Grid: far more", "1 message did not arrive", "Wire: failing"):
            assert words in written


def test_the_way_out_is_put_in_once_and_only_where_there_is_one() -> None:
    page, text = render_html(digest([told()])), render_text(digest([told()]))

    assert add_unsubscribe_to_html(page, "https://x.example/?a=1&b").count("https://x.example/?a=1&amp;b") == 1
    assert "Unsubscribe" not in add_unsubscribe_to_html(page, "") + add_unsubscribe_to_text(text, "")
    assert add_unsubscribe_to_text(text, "https://x.example/").endswith("\nUnsubscribe: https://x.example/\n")


def test_templates_of_somebodys_own_stand_above_ours(tmp_path: Path) -> None:
    (tmp_path / "digest.html").write_text(
        "<style>.x { color: red }</style>{% for s in sections %}<p class='x'>{{ s.name }}</p>{% endfor %}"
    )
    (tmp_path / "digest.txt").write_text("{{ headline }}!")
    (tmp_path / "digest.md").write_text("{{ escaped(digest.title) }}")
    shown = digest([told(topic_id="grid")], title="The *day*")

    page = render_html(shown, LINKS, tmp_path)
    assert "Power &amp; &lt;grid&gt;" in page
    assert "color: red" in reader.document_fromstring(page).xpath("//p/@style")[0]
    assert render_text(shown, LINKS, tmp_path) == "1 story from 1 report!\n"
    assert render_markdown(shown, LINKS, tmp_path) == "The \\*day\\*\n"


def test_a_template_that_cannot_be_used_costs_no_digest_and_is_told_of(tmp_path: Path) -> None:
    for name, content in (
        ("story.html", "{{ nothing.there }}"),
        ("digest.txt", "{% if %}"),
        ("digest.md", "{{ 1/0 }}"),
    ):
        (tmp_path / name).write_text(content)
    shown = digest([told()])

    for written in (
        render_html(shown, LINKS, tmp_path),
        render_text(shown, LINKS, tmp_path),
        render_markdown(shown, LINKS, tmp_path),
    ):
        assert "report 1" in written
        assert "cannot be used" in " ".join(written.split())


def test_good_coverage_is_not_marked_as_bad() -> None:
    fine = digest([told()], coverage=COVERAGE.__class__(feeds=3, fresh=3, entries=10))

    assert "foot bad" in render_html(digest([told()]))
    assert "foot bad" not in render_html(fine)

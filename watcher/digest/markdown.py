"""Renders a digest as Markdown (CommonMark), outside words escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from watcher.digest.evidence import cut_summary
from watcher.digest.format_helpers import (
    HELD_BEFORE,
    format_coverage,
    format_empty,
    format_held_before,
    format_lead,
    format_more,
    format_silent,
    format_window,
    group_stories,
)
from watcher.digest.links import Links
from watcher.digest.markdown_escapes import escape_line_start, escape_markdown, format_markdown_link
from watcher.digest.plain import format_brief, format_reports, render_user_text
from watcher.digest.related_text import iter_related_markdown
from watcher.digest.story_text import (
    SUMMARY_LABEL,
    compare_headlines,
    format_original,
    format_regrouping,
    format_status,
)
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestStory
from watcher.text.bidi import isolate


def render_markdown(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Return a digest as Markdown (CommonMark), outside words escaped, or as a user's own `digest.md` has it."""
    links = links or Links()
    text, digest = render_user_text("digest.md", digest, links, templates)
    return text or "\n".join(_iter_markdown_lines(digest, links)).rstrip() + "\n"


def _iter_markdown_lines(digest: Digest, links: Links) -> Iterator[str]:
    yield from (f"# {escape_markdown(digest.title)}", "")
    yield from (format_lead(digest), "", escape_markdown(format_coverage(digest.coverage)), "")
    for alarm in digest.alarms:
        yield from (f"> {escape_markdown(alarm)}", "")
    yield from _iter_brief(digest)
    for label, stories in group_stories(digest):
        yield from _iter_group(label or "The stories", stories, digest)
    if digest.held_before:
        held = f"{HELD_BEFORE} ({format_held_before(digest, len(digest.held_before))})"
        yield from _iter_group(held, digest.held_before, digest)
    yield from _iter_closing_lines(digest, links)
    yield from ("---", "", escape_markdown(f"What was watched, {format_window(digest)}."), "")
    yield from (f"- {escape_markdown(note)}" for note in (*digest.troubles, *digest.coverage.notes))


def _iter_brief(digest: Digest) -> Iterator[str]:
    if not digest.is_briefed:
        return
    yield from ("## In brief", "")
    for story in digest.brief:
        yield f"- **{_link(story.headline.title, story.headline.url)}**"
        yield f"  {escape_markdown(format_brief(story, digest))}"
    yield ""


def _iter_group(heading: str, stories: Sequence[DigestStory], digest: Digest) -> Iterator[str]:
    yield from (f"## {heading}", "")
    for story in stories:
        yield from _iter_item_lines(story, digest)
    yield ""


def _iter_closing_lines(digest: Digest, links: Links) -> Iterator[str]:
    """Yield what stands in place of stories, or for those that are not shown."""
    if digest.is_empty:
        yield from (format_empty(digest), "")
    if digest.left_out:
        url, more = links.stories(digest.topics), format_more(digest.left_out)
        yield from (f"- [{more}](<{url}>)" if url else f"- {more}", "")
    if silent := format_silent(digest):
        yield from (silent, "")
    yield from iter_related_markdown(digest, links, escape_markdown)


def _link(title: str, url: str | None) -> str:
    return format_markdown_link(isolate(escape_markdown(title)), url)


def _iter_item_lines(story: DigestStory, digest: Digest) -> Iterator[str]:
    # One line of Markdown for each part that a story has; most have few.
    lead, headline = story.lead, story.headline
    status = format_status(story, digest)
    yield f"- **{_link(headline.title, headline.url)}**" + (f" *{status}*" if status else "")
    if regrouping := format_regrouping(story, digest, lambda title: isolate(escape_markdown(title))):
        yield f"  {regrouping}"
    if compare_headlines(lead):
        yield f"  Changed from “{isolate(escape_markdown(lead.former_title))}”"
    if (original := story.original) is not None:
        note = format_original(story)
        yield f"  {isolate(escape_markdown(original.title))}" + (f" ({escape_markdown(note)})" if note else "")
    labels = " · ".join(f"\\# {escape_markdown(label.name)}" for label in story.labels)
    yield f"  {escape_markdown(format_reports(story, digest))} {labels}"
    for sentence in story.cited_summary:
        cited = "".join(f" [{escape_markdown(report.report.outlet)}]" for report in sentence.reports)
        yield f"  {SUMMARY_LABEL}: {escape_markdown(sentence.text)}{escape_markdown(cited)}"
    summary = "".join(_format_piece(*piece) for piece in cut_summary(lead))
    if summary.strip():
        yield f"  {escape_line_start(summary.strip())}"
    for addition in story.additions:
        yield f"  + {escape_markdown(addition.sentence)} ({escape_markdown(addition.outlet)})"


def _format_piece(text: str, is_evidence: bool) -> str:
    # CommonMark makes nothing bold that begins or ends with a blank.
    if is_evidence and text == text.strip():
        return f"**{escape_markdown(text)}**"
    return escape_markdown(text, keep_blanks=True)

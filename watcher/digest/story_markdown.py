"""Renders the brief of a story as Markdown (CommonMark), outside words escaped."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.digest.markdown_escapes import escape_markdown, format_markdown_link
from watcher.digest.story_brief import BriefReport, BriefText
from watcher.text.bidi import isolate


def render_story_markdown(brief: BriefText) -> str:
    """Return a brief as Markdown: facts, numbered reports, coverage."""
    return "\n".join(_iter_lines(brief)).rstrip() + "\n"


def _iter_lines(brief: BriefText) -> Iterator[str]:
    yield from (f"# {isolate(escape_markdown(brief.title))}", "")
    yield from (f"{isolate_line(line)}  " for line in brief.lead)
    yield from ("", "## Reports", "")
    for report in brief.reports:
        yield from _iter_report_lines(report)
    yield from ("", "## Coverage", "")
    yield from (f"- {escape_markdown(line)}" for line in brief.coverage)
    yield from ("", escape_markdown(brief.made))


def isolate_line(line: str) -> str:
    """Return a line of outside words, escaped, in an isolate where it holds right-to-left letters."""
    return isolate(escape_markdown(line))


def _iter_report_lines(report: BriefReport) -> Iterator[str]:
    linked = format_markdown_link(isolate_line(report.title), report.url)
    language = f" ({escape_markdown(report.language)})" if report.language else ""
    yield f"{report.number}. **{isolate_line(report.outlet)}**: {linked}{language}"
    yield f"   {escape_markdown(report.times)}"
    yield from (f"   - Adds: {isolate_line(sentence)}" for sentence in report.added_sentences)
    yield from (f"   - {isolate_line(note)}" for note in report.notes)

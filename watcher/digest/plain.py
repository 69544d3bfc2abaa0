"""Renders a digest as plain text, for mail readers, terminals and files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from watcher.digest import user_templates
from watcher.digest.evidence import cut_summary
from watcher.digest.format_helpers import (
    HELD_BEFORE,
    format_count,
    format_coverage,
    format_empty,
    format_headline,
    format_held_before,
    format_lead,
    format_local_time,
    format_more,
    format_silent,
    format_window,
    group_stories,
    is_compact_story,
    one_line,
)
from watcher.digest.links import Links
from watcher.digest.markdown_escapes import escape_markdown
from watcher.digest.related_text import iter_related_text
from watcher.digest.story_text import (
    SUMMARY_LABEL,
    compare_headlines,
    format_hit_time,
    format_importance,
    format_original,
    format_regrouping,
    format_spread,
    format_status,
    format_time,
    list_flags,
    list_later_outlets,
    title_additions,
)
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestStory
from watcher.text.bidi import isolate
from watcher.text.line_breaks import find_line_break

LINE_WIDTH = 76
MAX_TEXT_LENGTH = 90_000
"""Characters of stories in a text: nobody reads more, and it would weigh more than the HTML beside it."""


def render_text(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Return a digest as plain text, 76 columns wide, or as a user's own `digest.txt` has it."""
    links = links or Links()
    text, digest = render_user_text("digest.txt", digest, links, templates)
    return text or "\n".join(_iter_text_lines(digest, links)).rstrip() + "\n"


def render_user_text(name: str, digest: Digest, links: Links, templates: Path | None) -> tuple[str | None, Digest]:
    """Return the text of a user's template, else None and the digest, with a note where the template failed."""
    try:
        return user_templates.render_user_template(
            name, templates, digest=digest, links=links, headline=format_headline(digest), groups=group_stories,
            coverage_line=format_coverage(digest.coverage), until=format_local_time(digest.window[1], digest.timezone),
            clock=lambda moment: format_local_time(moment, digest.timezone), one_line=one_line, escaped=escape_markdown,
        ), digest  # fmt: skip
    except user_templates.TEMPLATE_ERRORS as error:
        return None, user_templates.add_template_error(digest, templates, error)


def _iter_text_lines(digest: Digest, links: Links) -> Iterator[str]:
    yield one_line(digest.title)
    yield format_lead(digest)
    yield from (*_wrap(format_coverage(digest.coverage)), "")
    for alarm in digest.alarms:
        yield from (*_wrap(alarm, "! ", "  "), "")
    yield from _iter_brief(digest)
    shown = _fit_stories(digest)
    yield from _iter_groups(digest, shown)
    yield from _iter_held_lines(digest)
    yield from _iter_closing_lines(digest, len(shown), links)
    yield "--"
    yield from _wrap(f"What was watched, {format_window(digest)}. {format_coverage(digest.coverage)}")
    for note in (*digest.troubles, *digest.coverage.notes):
        yield from _wrap(note, " - ", "   ")


def _iter_brief(digest: Digest) -> Iterator[str]:
    if not digest.is_briefed:
        return
    yield from ("In brief", "")
    for number, story in enumerate(digest.brief, 1):
        yield from _iter_brief_lines(number, story, digest)
    yield ""


def _iter_groups(digest: Digest, shown: dict[int, list[str]]) -> Iterator[str]:
    """Yield the stories that are shown, below the heading of their group."""
    place = 0
    for label, stories in group_stories(digest):
        if place in shown:
            yield from (f"== {label or 'The stories'} ==", "")
        for _story in stories:
            yield from shown.get(place, ())
            place += 1


def _iter_closing_lines(digest: Digest, shown: int, links: Links) -> Iterator[str]:
    """Yield what stands in place of stories, or for those that are not shown."""
    if digest.is_empty:
        yield from (format_empty(digest), "")
    if more := digest.story_count - shown:
        url = links.stories(digest.topics)
        yield from (f"{format_more(more)}" + (f": {url}" if url else ""), "")
    if silent := format_silent(digest):
        yield from (silent, "")
    yield from iter_related_text(digest, links, _wrap)


def _iter_brief_lines(number: int, story: DigestStory, digest: Digest) -> Iterator[str]:
    yield from _wrap(isolate(story.headline.title), f"{number:2}. ", "    ")
    yield from _wrap(format_brief(story, digest), "    ", "    ")


def format_brief(story: DigestStory, digest: Digest) -> str:
    """Return a story of the brief below its headline: how it stands, who was first, how far it spread."""
    first = story.facts.first
    when = format_time(first.reported_at, digest.timezone, digest.window[1])
    status = format_status(story, digest)
    parts = [status, f"first {isolate(first.outlet)}, {when}", format_spread(story)]
    return " · ".join(part for part in parts if part)


def _iter_held_lines(digest: Digest) -> Iterator[str]:
    if digest.held_before:
        yield from (f"== {HELD_BEFORE} ({format_held_before(digest, len(digest.held_before))}) ==", "")
    for story in digest.held_before:
        yield from (*_iter_story_lines(story, digest, compact=True), "")


def _fit_stories(digest: Digest) -> dict[int, list[str]]:
    """Return the lines of the stories that fit, by their places."""
    shown: dict[int, list[str]] = {}
    left = MAX_TEXT_LENGTH
    for place, story in enumerate(digest.stories):
        why = format_importance(story, place) if digest.is_briefed else ""
        lines = [*_iter_story_lines(story, digest, why, compact=is_compact_story(story, place)), ""]
        if (left := left - sum(map(len, lines))) < 0:
            break
        shown[place] = lines
    return shown


def _iter_story_lines(story: DigestStory, digest: Digest, why: str = "", *, compact: bool) -> Iterator[str]:
    # One paragraph for each part that a story has; most have few.
    headline, lead = story.headline, story.lead
    status = format_status(story, digest)
    yield from _wrap(isolate(headline.title) + (f" [{status}]" if status else ""), " * ", "   ")
    yield from _wrap(format_regrouping(story, digest, isolate), "   ", "   ")
    if compare_headlines(lead):
        yield from _wrap(f"Changed from “{isolate(lead.former_title)}”", "   ", "   ")
    if (original := story.original) is not None:
        note = format_original(story)
        yield from _wrap(isolate(original.title) + (f" ({note})" if note else ""), "   ", "   ")
    yield from _wrap(format_reports(story, digest), "   ", "   ")
    yield from _wrap(why, "   ", "   ")
    if not compact:
        yield from _iter_summary_lines(story)
        yield from _wrap(isolate("".join(piece for piece, _is_evidence in cut_summary(lead))), "   ", "   ")
        if additions := story.additions:
            yield f"   {title_additions(story)}:"
        for addition in additions:
            yield from _wrap(f"{isolate(addition.sentence)} ({isolate(addition.outlet)})", "    - ", "      ")
    yield from _wrap(" · ".join(f"# {label.name}" for label in story.labels), "   ", "   ")
    if headline.url:
        yield f"   {headline.url}"


def _iter_summary_lines(story: DigestStory) -> Iterator[str]:
    sentences = story.cited_summary
    if sentences:
        yield f"   {SUMMARY_LABEL}:"
    for sentence in sentences:
        cited = "".join(f" [{report.number}: {isolate(report.report.outlet)}]" for report in sentence.reports)
        yield from _wrap(f"{sentence.text}{cited}", "    ", "    ")


def format_reports(story: DigestStory, digest: Digest) -> str:
    """Return who reported a story first, who after that, and how many copied."""
    now, zone = digest.window[1], digest.timezone
    first, lead = story.facts.first, story.lead
    is_lead = first.entry_id == lead.entry_id
    when = format_hit_time(lead, zone, now) if is_lead else format_time(first.reported_at, zone, now)
    reports, more = list_later_outlets(story)
    text = f"First: {isolate(first.outlet)}, {when}."
    if reports:
        later = ", ".join(f"{isolate(r.outlet)} {format_time(r.reported_at, zone, now)}" for r in reports)
        text += f" Then {later}" + (f" and {more} more" if more else "") + "."
    if story.facts.copies:
        text += f" {format_count(story.facts.copies, 'copy', 'copies')}."
    return text + "".join(f" [{flag}]" for flag in list_flags(lead))


def _wrap(text: str, first: str = "", rest: str = "") -> Iterator[str]:
    """Break outside text into lines, with prefixes; a word longer than a line keeps a line of its own."""
    line = one_line(text)
    prefix = first
    while (break_at := find_line_break(line, LINE_WIDTH - len(prefix))) is not None:
        end, begin = break_at
        yield prefix + line[:end]
        line, prefix = line[begin:], rest
    if line:
        yield prefix + line

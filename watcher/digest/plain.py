"""Renders a digest as plain text and as Markdown, for mail readers, terminals and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from watcher.digest import user_templates
from watcher.digest.evidence import cut_summary
from watcher.digest.format_helpers import (
    Place,
    format_count,
    format_coverage,
    format_empty,
    format_headline,
    format_lead,
    format_local_time,
    group_stories,
    interleave_stories,
    list_flags,
    list_other_outlets,
    one_line,
)
from watcher.digest.links import Links
from watcher.digest.related_text import iter_related_markdown, iter_related_text
from watcher.model.digest import Digest, StoryLine, TopicSection
from watcher.text.bidi import isolate

LINE_WIDTH = 76
MAX_TEXT_LENGTH = 90_000
"""Characters of stories in a text: nobody reads more, and it would weigh more than the HTML beside it."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LINE_START = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")


def render_text(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Return a digest as plain text, 76 columns wide, or as a user's own `digest.txt` has it."""
    links = links or Links()
    text, digest = _render_user_template("digest.txt", digest, links, templates)
    return text or "\n".join(_iter_text_lines(digest, links)).rstrip() + "\n"


def render_markdown(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Return a digest as Markdown (CommonMark), outside words escaped, or as a user's own `digest.md` has it."""
    links = links or Links()
    text, digest = _render_user_template("digest.md", digest, links, templates)
    return text or "\n".join(_iter_markdown_lines(digest, links)).rstrip() + "\n"


def _render_user_template(name: str, digest: Digest, links: Links, templates: Path | None) -> tuple[str | None, Digest]:
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
    yield ""
    for alarm in digest.alarms:
        yield from (*_wrap(alarm, "! ", "  "), "")
    shown = _fit_stories(digest)
    for number, section in enumerate(digest.sections):
        yield from _iter_section_lines(number, section, shown, links)
    yield from iter_related_text(digest, links, _wrap)
    if digest.is_empty:
        yield from (format_empty(digest), "")
    yield "--"
    yield from _wrap(format_coverage(digest.coverage))
    for note in (*digest.troubles, *digest.coverage.notes):
        yield from _wrap(note, " - ", "   ")


def _iter_section_lines(
    number: int, section: TopicSection, shown: dict[Place, list[str]], links: Links
) -> Iterator[str]:
    count = len(section.stories) + section.more
    yield from (f"== {one_line(section.name)} ({count})", "")
    rank = 0
    for label, lines in group_stories(section):
        if label and (number, rank) in shown:
            yield from (f"   -- {label} --", "")
        for _line in lines:
            yield from shown.get((number, rank), ())
            rank += 1
    if more := count - sum(place[0] == number for place in shown):
        url = links.topic(section.topic_id, section.since)
        yield from (f"   {_format_more(more)}" + (f": {url}" if url else ""), "")


def _format_more(count: int) -> str:
    return format_count(count, "more story", "more stories")


def _fit_stories(digest: Digest) -> dict[Place, list[str]]:
    """Return the lines of the stories that fit, taken from all topics in turn."""
    shown: dict[Place, list[str]] = {}
    left = MAX_TEXT_LENGTH
    for place, line in interleave_stories(digest):
        lines = [*_iter_story_lines(line, digest.timezone), ""]
        if (left := left - sum(map(len, lines))) < 0:
            break
        shown[place] = lines
    return shown


def _iter_story_lines(line: StoryLine, timezone: str) -> Iterator[str]:
    lead = line.lead
    yield from _wrap(isolate(lead.title), " * ", "   ")
    others, more = list_other_outlets(line)
    outlets = ", ".join(isolate(hit.source) for hit in (lead, *others)) + (f" and {more} more" if more else "")
    flags = "".join(f" [{flag}]" for flag in list_flags(lead))
    yield from _wrap(f"{outlets} · {format_local_time(lead.news_at, timezone)}{flags}", "   ", "   ")
    yield from _wrap(isolate("".join(piece for piece, _is_evidence in cut_summary(lead))), "   ", "   ")
    if lead.url:
        yield f"   {lead.url}"


def _wrap(text: str, first: str = "", rest: str = "") -> Iterator[str]:
    """Break outside text into lines at blanks, with prefixes; a word longer than a line keeps a line of its own."""
    line = ""
    prefix = first
    for word in one_line(text).split(" "):
        if line and len(prefix) + len(line) + 1 + len(word) > LINE_WIDTH:
            yield prefix + line
            line, prefix = word, rest
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield prefix + line


def _iter_markdown_lines(digest: Digest, links: Links) -> Iterator[str]:
    yield from (f"# {escape_markdown(digest.title)}", "")
    yield format_lead(digest)
    yield ""
    for alarm in digest.alarms:
        yield from (f"> {escape_markdown(alarm)}", "")
    for section in digest.sections:
        yield from _iter_markdown_section(section, digest.timezone, links)
    yield from iter_related_markdown(digest, links, escape_markdown)
    if digest.is_empty:
        yield from (format_empty(digest), "")
    yield from ("---", "", escape_markdown(format_coverage(digest.coverage)), "")
    yield from (f"- {escape_markdown(note)}" for note in (*digest.troubles, *digest.coverage.notes))


def _iter_markdown_section(section: TopicSection, timezone: str, links: Links) -> Iterator[str]:
    yield from (f"## {escape_markdown(section.name)}", "")
    for label, lines in group_stories(section):
        if label:
            yield from (f"### {label}", "")
        for line in lines:
            yield from _iter_item_lines(line, timezone)
    if section.more:
        url = links.topic(section.topic_id, section.since)
        more = _format_more(section.more)
        yield f"- [{more}](<{url}>)" if url else f"- {more}"
    yield ""


def _iter_item_lines(line: StoryLine, timezone: str) -> Iterator[str]:
    lead = line.lead
    title = isolate(escape_markdown(lead.title))
    url = re.sub(r"[\s<>\\]", lambda match: f"%{ord(match[0]):02X}", lead.url or "")
    yield f"- **[{title}](<{url}>)**" if url else f"- **{title}**"
    others, more = list_other_outlets(line)
    names = ", ".join(isolate(escape_markdown(hit.source)) for hit in (lead, *others))
    outlets = names + (f" and {more} more" if more else "")
    flags = "".join(f" · *{escape_markdown(flag)}*" for flag in list_flags(lead))
    yield f"  {outlets} · {format_local_time(lead.news_at, timezone)}{flags}"
    summary = "".join(_format_piece(*piece) for piece in cut_summary(lead))
    if summary.strip():
        yield f"  {_escape_line_start(summary.strip())}"


def _format_piece(text: str, is_evidence: bool) -> str:
    # CommonMark makes nothing bold that begins or ends with a blank.
    if is_evidence and text == text.strip():
        return f"**{escape_markdown(text)}**"
    return escape_markdown(text, keep_blanks=True)


def escape_markdown(text: str, *, keep_blanks: bool = False) -> str:
    """Return outside text on one line without effect in Markdown; `keep_blanks` keeps one blank at each end."""
    line = one_line(text)
    if keep_blanks and line:
        line = (" " if text[:1].isspace() else "") + line + (" " if text[-1:].isspace() else "")
    line = _MARKDOWN.sub(r"\\\1", line or (" " if text and keep_blanks else ""))
    return _escape_line_start(line)


def _escape_line_start(line: str) -> str:
    """Escape what would make a line an item of a list, a rule or a heading."""
    return _LINE_START.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", line)

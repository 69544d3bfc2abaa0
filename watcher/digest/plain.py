"""A digest as plain text and as Markdown, for mail readers, terminals and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from watcher.digest import user_templates
from watcher.digest.format_helpers import (
    Links,
    Place,
    cut_summary,
    format_coverage,
    format_headline,
    format_local_time,
    group_stories,
    interleave_stories,
    list_flags,
    list_other_outlets,
    one_line,
)
from watcher.model.digest import Digest, StoryLine
from watcher.text.bidi import isolate

WIDTH = 76
MOST_TEXT = 90_000
"""Characters of stories in a text: more is no reading, and would weigh more than the HTML beside it."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_AT_BEGINNING = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")


def render_text(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Write a digest as plain text, 76 columns wide, or as a user's own `digest.txt` has it."""
    links = links or Links()
    said, digest = _own("digest.txt", digest, links, templates)
    return said or "\n".join(_text(digest, links)).rstrip() + "\n"


def render_markdown(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Write a digest as Markdown (CommonMark), every outside word escaped, or as a user's own `digest.md` has it."""
    links = links or Links()
    said, digest = _own("digest.md", digest, links, templates)
    return said or "\n".join(_markdown(digest, links)).rstrip() + "\n"


def _own(name: str, digest: Digest, links: Links, templates: Path | None) -> tuple[str | None, Digest]:
    try:
        return user_templates.render_user_template(
            name, templates, digest=digest, links=links, headline=format_headline(digest), groups=group_stories,
            coverage_line=format_coverage(digest.coverage), until=format_local_time(digest.window[1], digest.timezone),
            clock=lambda moment: format_local_time(moment, digest.timezone), one_line=one_line, escaped=_escaped,
        ), digest  # fmt: skip
    except user_templates.TEMPLATE_ERRORS as error:
        return None, user_templates.add_template_error(digest, templates, error)


def _text(digest: Digest, links: Links) -> Iterator[str]:
    yield one_line(digest.title)
    yield _summary_line(digest)
    yield ""
    for alarm in digest.alarms:
        yield from (*_wrapped(alarm, "! ", "  "), "")
    shown = _fitted(digest)
    for number, section in enumerate(digest.sections):
        count = len(section.stories) + section.more
        yield from (f"== {one_line(section.name)} ({count})", "")
        rank = 0
        for label, lines in group_stories(section):
            if label and (number, rank) in shown:
                yield from (f"   -- {label} --", "")
            for _line in lines:
                yield from shown.get((number, rank), ())
                rank += 1
        more = count - sum(place[0] == number for place in shown)
        if more:
            where = links.topic(section.topic_id, section.since)
            yield from (f"   {more} more" + (f": {where}" if where else ""), "")
    yield "--"
    yield from _wrapped(format_coverage(digest.coverage))
    for note in (*digest.troubles, *digest.coverage.notes):
        yield from _wrapped(note, " - ", "   ")


def _summary_line(digest: Digest) -> str:
    until = format_local_time(digest.window[1], digest.timezone)
    return f"{format_headline(digest)} · until {until} ({digest.timezone})"


def _fitted(digest: Digest) -> dict[Place, list[str]]:
    """Write the stories that fit, those of all topics by turns."""
    shown: dict[Place, list[str]] = {}
    left = MOST_TEXT
    for place, line in interleave_stories(digest):
        said = [*_story(line, digest.timezone), ""]
        if (left := left - sum(map(len, said))) < 0:
            break
        shown[place] = said
    return shown


def _story(line: StoryLine, timezone: str) -> Iterator[str]:
    lead = line.lead
    yield from _wrapped(isolate(lead.title), " * ", "   ")
    also, more = list_other_outlets(line)
    sources = ", ".join(isolate(hit.source) for hit in (lead, *also))
    outlets = sources + (f" and {more} more" if more else "")
    marks = "".join(f" [{flag}]" for flag in list_flags(lead))
    yield from _wrapped(f"{outlets} · {format_local_time(lead.news_at, timezone)}{marks}", "   ", "   ")
    yield from _wrapped(isolate("".join(piece for piece, _is_evidence in cut_summary(lead))), "   ", "   ")
    if lead.url:
        yield f"   {lead.url}"


def _wrapped(said: str, first: str = "", rest: str = "") -> Iterator[str]:
    """Break outside words into lines at blanks; a word longer than a line keeps a line of its own."""
    line = ""
    lead = first
    for word in one_line(said).split(" "):
        if line and len(lead) + len(line) + 1 + len(word) > WIDTH:
            yield lead + line
            line, lead = word, rest
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield lead + line


def _markdown(digest: Digest, links: Links) -> Iterator[str]:
    yield from (f"# {_escaped(digest.title)}", "")
    yield _summary_line(digest)
    yield ""
    for alarm in digest.alarms:
        yield from (f"> {_escaped(alarm)}", "")
    for section in digest.sections:
        yield from (f"## {_escaped(section.name)}", "")
        for label, lines in group_stories(section):
            if label:
                yield from (f"### {label}", "")
            for line in lines:
                yield from _item(line, digest.timezone)
        if section.more:
            where = links.topic(section.topic_id, section.since)
            yield f"- [{section.more} more](<{where}>)" if where else f"- {section.more} more"
        yield ""
    yield from ("---", "", _escaped(format_coverage(digest.coverage)), "")
    yield from (f"- {_escaped(note)}" for note in (*digest.troubles, *digest.coverage.notes))


def _item(line: StoryLine, timezone: str) -> Iterator[str]:
    lead = line.lead
    title = isolate(_escaped(lead.title))
    url = re.sub(r"[\s<>\\]", lambda found: f"%{ord(found[0]):02X}", lead.url or "")
    yield f"- **[{title}](<{url}>)**" if url else f"- **{title}**"
    also, more = list_other_outlets(line)
    outlets = ", ".join(isolate(_escaped(hit.source)) for hit in (lead, *also)) + (f" and {more} more" if more else "")
    marks = "".join(f" · *{_escaped(flag)}*" for flag in list_flags(lead))
    yield f"  {outlets} · {format_local_time(lead.news_at, timezone)}{marks}"
    summary = "".join(
        f"**{_escaped(piece)}**" if is_evidence and piece == piece.strip() else _escaped(piece, blanks=True)
        for piece, is_evidence in cut_summary(lead)
    )
    if summary.strip():
        yield f"  {_begun(summary.strip())}"


def _escaped(said: str, *, blanks: bool = False) -> str:
    """Take from outside words whatever Markdown would read in them; `blanks` keeps those at their ends."""
    kept = one_line(said)
    if blanks and kept:
        kept = (" " if said[:1].isspace() else "") + kept + (" " if said[-1:].isspace() else "")
    kept = _MARKDOWN.sub(r"\\\1", kept or (" " if said and blanks else ""))
    return _begun(kept)


def _begun(line: str) -> str:
    """Take from the beginning of a line what would make it an item of a list, a rule or a heading."""
    return _AT_BEGINNING.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", line)

"""A digest as plain text and as Markdown, for mail readers, terminals and files."""

from __future__ import annotations

import re
import textwrap

from watcher.digest.pieces import Links, clock, coverage_line, flags, headline, others, summary_of
from watcher.model.digest import Digest, StoryLine

WIDTH = 76
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def text(digest: Digest, links: Links | None = None) -> str:
    """Write a digest as plain text, 76 columns wide."""
    links = links or Links()
    until = clock(digest.window[1], digest.timezone)
    said = [_line(digest.title), f"{headline(digest)} · until {until} ({digest.timezone})", ""]
    for alarm in digest.alarms:
        said += [*textwrap.wrap(f"! {_line(alarm)}", WIDTH, subsequent_indent="  "), ""]
    for section in digest.sections:
        count = len(section.stories) + section.more
        said += [f"== {_line(section.name)} ({count})", ""]
        for line in section.stories:
            said += [*_story(line, digest.timezone), ""]
        if section.more:
            where = links.topic(section.topic_id)
            said += [f"   {section.more} more" + (f": {where}" if where else ""), ""]
    said += ["--", *textwrap.wrap(coverage_line(digest.coverage), WIDTH)]
    for note in digest.coverage.notes:
        said += textwrap.wrap(_line(note), WIDTH, initial_indent=" - ", subsequent_indent="   ")
    return "\n".join(said).rstrip() + "\n"


def markdown(digest: Digest, links: Links | None = None) -> str:
    """Write a digest as Markdown (CommonMark), every outside word escaped."""
    links = links or Links()
    said = [
        f"# {_escaped(digest.title)}",
        "",
        f"{headline(digest)} · until {clock(digest.window[1], digest.timezone)} ({digest.timezone})",
        "",
    ]
    for alarm in digest.alarms:
        said += [f"> {_escaped(alarm)}", ""]
    for section in digest.sections:
        said += [f"## {_escaped(section.name)}", ""]
        for line in section.stories:
            title = _escaped(line.lead.title)
            url = (line.lead.url or "").replace("(", "%28").replace(")", "%29").replace("<", "").replace(">", "")
            said.append(f"- **[{title}](<{url}>)**" if url else f"- **{title}**")
            marks = "".join(f" · *{_escaped(flag)}*" for flag in flags(line.lead))
            outlets = ", ".join(_escaped(outlet) for outlet in line.outlets)
            said.append(f"  {outlets} · {clock(line.lead.first_seen_at, digest.timezone)}{marks}")
            summary = "".join(
                f"**{_escaped(piece.strip())}**" if is_evidence and piece.strip() else _escaped(piece)
                for piece, is_evidence in summary_of(line.lead)
            )
            said += [f"  {summary}"] if summary else []
        if section.more:
            where = links.topic(section.topic_id)
            said.append(f"- [{section.more} more]({where})" if where else f"- {section.more} more")
        said.append("")
    said += ["---", "", _escaped(coverage_line(digest.coverage))]
    said += ["", *(f"- {_escaped(note)}" for note in digest.coverage.notes)] if digest.coverage.notes else []
    return "\n".join(said).rstrip() + "\n"


def _story(line: StoryLine, timezone: str) -> list[str]:
    lead = line.lead
    said = textwrap.wrap(
        _line(lead.title), WIDTH, initial_indent=" * ", subsequent_indent="   ", break_long_words=False
    )
    also, more = others(line)
    outlets = ", ".join([lead.source, *(hit.source for hit in also)]) + (f" and {more} more" if more else "")
    marks = "".join(f" [{_line(flag)}]" for flag in flags(lead))
    said += textwrap.wrap(
        f"{_line(outlets)} · {clock(lead.first_seen_at, timezone)}{marks}",
        WIDTH, initial_indent="   ", subsequent_indent="   ",
    )  # fmt: skip
    summary = _line("".join(piece for piece, _is_evidence in summary_of(lead)))
    said += textwrap.wrap(summary, WIDTH, initial_indent="   ", subsequent_indent="   ") if summary else []
    said += [f"   {lead.url}"] if lead.url else []
    return said


def _line(said: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


def _escaped(said: str) -> str:
    return _MARKDOWN.sub(r"\\\1", re.sub(r"\s+", " ", said))

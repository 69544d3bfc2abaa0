"""A digest as Slack messages: Block Kit, within every published limit, every outside word escaped."""

from __future__ import annotations

import re
from typing import Any

from watcher.digest.format_helpers import (
    Links,
    cut_summary,
    format_coverage,
    format_headline,
    format_local_time,
    format_subject,
    group_stories,
    list_flags,
    list_other_outlets,
)
from watcher.model.digest import Digest, StoryLine
from watcher.text.bidi import isolate

MOST_BLOCKS = 50
MOST_TEXT = 3_000
MOST_HEADER = 150
MOST_MESSAGE = 12_000
"""Characters of all blocks together that stay well inside what Slack takes in one message."""
MOST_MESSAGES = 10

MOST_FOOT = 2_000

Block = dict[str, Any]
_DIVIDER: Block = {"type": "divider"}


def render_slack(digest: Digest, links: Links | None = None) -> list[dict[str, Any]]:
    """Write a digest as messages of blocks; the first opens it, the others follow in its thread where there is one."""
    links = links or Links()
    until = format_local_time(digest.window[1], digest.timezone)
    head: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(digest.title, MOST_HEADER), "emoji": False}},
        _context(f"{format_headline(digest)} · until {until} ({digest.timezone})"),
    ]
    head += [_context(f"⚠ {escape(_cut(alarm, 300))}") for alarm in digest.alarms[:5]]
    blocks: list[Block] = []
    for section in digest.sections:
        blocks += [_DIVIDER, _section(f"*{escape(_cut(section.name, 200))}*")]
        for label, lines in group_stories(section):
            blocks += [_context(f"_{label}_")] if label else []
            blocks += [_story(line, digest.timezone, links) for line in lines]
        if section.more:
            where = links.topic(section.topic_id, section.since)
            said = f"{section.more} more"
            blocks.append(_context(f"<{_address(where)}|{said}>" if where else said))
    if not digest.sections and not digest.alarms:
        blocks.append(_section("Nothing that these topics watch for has appeared."))
    messages = _packed(head, blocks, _context(_foot(digest)), links.base_url)
    fallback = escape(format_subject(digest))
    count = len(messages)
    return [
        {
            "text": fallback if count == 1 else f"{fallback} ({number}/{count})",
            "blocks": packed,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        for number, packed in enumerate(messages, start=1)
    ]


def escape(said: str) -> str:
    """Escape what Slack reads as markup (& < >); formatting marks of the outside become look-alikes without effect."""
    plain = re.sub(r"\s+", " ", "".join(c if c.isprintable() or c.isspace() else "" for c in said))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = plain.replace("*", "∗").replace("`", "ˋ").replace("~", "∼")
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", "ˍ", plain)


def _foot(digest: Digest) -> str:
    said = escape(format_coverage(digest.coverage))
    for note in (*digest.troubles, *digest.coverage.notes):
        line = f"\n• {escape(_cut(note, 300))}"
        if len(said) + len(line) > MOST_FOOT:
            break
        said += line
    return said


def _story(line: StoryLine, timezone: str, links: Links) -> Block:
    lead = line.lead
    title = isolate(escape(_cut(lead.title, 300)).replace("|", "¦"))
    heading = f"*<{_address(lead.url)}|{title}>*" if lead.url else f"*{title}*"
    also, more = list_other_outlets(line, 4)
    marks = f" · {format_local_time(lead.news_at, timezone)}" + "".join(
        f" · _{escape(_cut(flag, 200))}_" for flag in list_flags(lead)
    )
    yes, no = links.label(lead.hit_id, "relevant"), links.label(lead.hit_id, "irrelevant")
    judge = f" · <{_address(yes)}|relevant> / <{_address(no)}|not>" if yes else ""
    rest = f" and {more} more" if more else ""
    names = [isolate(escape(_cut(hit.source, 80)).replace("|", "¦")) for hit in (lead, *also)]
    linked = [
        f"<{_address(hit.url)}|{name}>" if number and hit.url else name
        for number, (hit, name) in enumerate(zip((lead, *also), names, strict=True))
    ]
    summary = "".join(
        f"*{escape(piece.strip())}*" + (" " if piece.endswith(" ") else "")
        if is_evidence and piece.strip()
        else escape(piece)
        for piece, is_evidence in _spaced(cut_summary(lead, 240))
    )
    tail = f"\n{isolate(summary)}" if summary else ""
    said = f"{heading}\n{', '.join(linked)}{rest}{marks}{judge}{tail}"
    if len(said) > MOST_TEXT:
        said = f"{heading}\n{', '.join(names)}{rest}{marks}{judge}"
    if len(said) > MOST_TEXT:
        said = f"*{title}*\n{names[0]}"
    return _section(said)


def _spaced(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Put a thin blank between a bold stretch and a letter it touches: Slack makes nothing bold inside a word."""
    spaced: list[tuple[str, bool]] = []
    for index, (piece, is_evidence) in enumerate(pieces):
        if not is_evidence and index and pieces[index - 1][1] and piece[:1].isalnum():
            piece = "\u200a" + piece
        if not is_evidence and index + 1 < len(pieces) and pieces[index + 1][1] and piece[-1:].isalnum():
            piece += "\u200a"
        spaced.append((piece, is_evidence))
    return spaced


def _packed(head: list[Block], blocks: list[Block], foot: Block, page: str | None) -> list[list[Block]]:
    """Fill messages with blocks; what does not fit into the last one is only told of."""
    messages = [list(head)]
    size = sum(map(_size, head))
    for block in blocks:
        if len(messages[-1]) + 2 > MOST_BLOCKS or size + _size(block) + _size(foot) + 200 > MOST_MESSAGE:
            if len(messages) == MOST_MESSAGES:
                said = "There is more than Slack holds"
                messages[-1][-1:] = [_context(f"<{_address(page)}|{said}>" if page else f"{said}.")]
                break
            messages.append([])
            size = 0
        if block is _DIVIDER and not messages[-1]:
            continue
        messages[-1].append(block)
        size += _size(block)
    messages[-1].append(foot)
    return messages


def _size(block: Block) -> int:
    text = block.get("text") or {}
    return len(text.get("text", "")) + sum(len(each.get("text", "")) for each in block.get("elements", []))


def _section(said: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": said, "verbatim": True}}


def _context(said: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": said, "verbatim": True}]}


def _address(url: str | None) -> str:
    return (
        (url or "")
        .replace("&", "&amp;")
        .replace("<", "%3C")
        .replace(">", "%3E")
        .replace("|", "%7C")
        .replace(" ", "%20")
    )


def _cut(said: str, length: int) -> str:
    return said if len(said) <= length else said[: length - 1].rstrip() + "…"

"""Renders a digest as Slack messages: Block Kit, within every published limit, every outside word escaped.

Limits: docs.slack.dev/reference/block-kit/blocks and docs.slack.dev/reference/methods/chat.postMessage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watcher.channels.payload import dump_payload
from watcher.channels.slack.escape import cut_mrkdwn, escape_mrkdwn, escape_url
from watcher.channels.slack.related import render_related
from watcher.digest.evidence import cut_summary
from watcher.digest.format_helpers import (
    format_count,
    format_coverage,
    format_empty,
    format_lead,
    format_local_time,
    format_subject,
    group_stories,
    list_flags,
    list_other_outlets,
)
from watcher.digest.forms import DigestForms
from watcher.digest.links import Links
from watcher.model.digest import Digest, DigestHit, StoryLine, TopicSection
from watcher.text.bidi import isolate

MAX_BLOCKS = 50
MAX_TEXT_LENGTH = 3_000
MAX_HEADER_LENGTH = 150
MAX_MESSAGE_LENGTH = 12_000
"""Characters of all blocks together that stay well inside what Slack takes in one message."""
MAX_MESSAGES = 10
MAX_FOOTER_LENGTH = 2_000
MAX_ALARMS = 5
MAX_OUTLETS = 4
SUMMARY_LENGTH = 240
_PAGE_LINK_RESERVE = 200
"""Characters that are left free for the link to the page where a digest does not fit."""

Block = dict[str, Any]
_DIVIDER: Block = {"type": "divider"}


def render_slack_messages(forms: DigestForms) -> Sequence[str]:
    """Return the payloads of a digest; the first opens it, the others follow in its thread where there is one."""
    messages = render_slack(forms.digest, forms.links)
    return [dump_payload(name=forms.digest.name, message=message) for message in messages]


def render_slack(digest: Digest, links: Links | None = None) -> list[dict[str, Any]]:
    """Return a digest as messages of blocks, with a fallback text for notifications."""
    links = links or Links()
    title = cut_mrkdwn(digest.title, MAX_HEADER_LENGTH)
    head: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
        _context(format_lead(digest)),
    ]
    head += [_context(f"⚠ {escape_mrkdwn(cut_mrkdwn(alarm, 300))}") for alarm in digest.alarms[:MAX_ALARMS]]
    blocks = [block for section in digest.sections for block in _render_section(section, digest.timezone, links)]
    blocks += render_related(digest, links)
    if not blocks and not digest.alarms:
        blocks.append(_section(escape_mrkdwn(format_empty(digest))))
    messages = _pack_blocks(head, blocks, _context(_render_footer(digest)), links.base_url)
    fallback = escape_mrkdwn(format_subject(digest))
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


def _render_section(section: TopicSection, timezone: str, links: Links) -> Iterator[Block]:
    yield _DIVIDER
    yield _section(f"*{escape_mrkdwn(cut_mrkdwn(section.name, 200))}*")
    for label, lines in group_stories(section):
        if label:
            yield _context(f"_{label}_")
        for line in lines:
            yield _render_story(line, timezone, links)
    if section.more:
        url = links.topic(section.topic_id, section.since)
        text = format_count(section.more, "more story", "more stories")
        yield _context(f"<{escape_url(url)}|{text}>" if url else text)


def _render_footer(digest: Digest) -> str:
    footer = escape_mrkdwn(format_coverage(digest.coverage))
    for note in (*digest.troubles, *digest.coverage.notes):
        line = f"\n• {escape_mrkdwn(cut_mrkdwn(note, 300))}"
        if len(footer) + len(line) > MAX_FOOTER_LENGTH:
            break
        footer += line
    return footer


def _render_story(line: StoryLine, timezone: str, links: Links) -> Block:
    """Return a story as one block; where it is too long, first links and summary are left out, then all but a name."""
    lead = line.lead
    title = isolate(escape_mrkdwn(cut_mrkdwn(lead.title, 300)).replace("|", "¦"))
    heading = f"*<{escape_url(lead.url)}|{title}>*" if lead.url else f"*{title}*"
    outlets, more = list_other_outlets(line, MAX_OUTLETS)
    hits = (lead, *outlets)
    names = [isolate(escape_mrkdwn(cut_mrkdwn(hit.source, 80)).replace("|", "¦")) for hit in hits]
    # The headline links to the leading report already.
    linked = [
        f"<{escape_url(hit.url)}|{name}>" if hit is not lead and hit.url else name
        for hit, name in zip(hits, names, strict=True)
    ]
    details = (f" and {more} more" if more else "") + _render_details(lead, timezone, links)
    summary = "".join(_render_piece(*piece) for piece in _separate_bold(cut_summary(lead, SUMMARY_LENGTH)))
    text = f"{heading}\n{', '.join(linked)}{details}" + (f"\n{isolate(summary)}" if summary else "")
    if len(text) > MAX_TEXT_LENGTH:
        text = f"{heading}\n{', '.join(names)}{details}"
    if len(text) > MAX_TEXT_LENGTH:
        text = f"*{title}*\n{names[0]}"
    return _section(text)


def _render_details(lead: DigestHit, timezone: str, links: Links) -> str:
    flags = "".join(f" · _{escape_mrkdwn(cut_mrkdwn(flag, 200))}_" for flag in list_flags(lead))
    yes, no = links.label(lead.hit_id, "relevant"), links.label(lead.hit_id, "irrelevant")
    judge = f" · <{escape_url(yes)}|relevant> / <{escape_url(no)}|not>" if yes else ""
    return f" · {format_local_time(lead.news_at, timezone)}{flags}{judge}"


def _render_piece(text: str, is_evidence: bool) -> str:
    if is_evidence and text.strip():
        return f"*{escape_mrkdwn(text.strip())}*" + (" " if text.endswith(" ") else "")
    return escape_mrkdwn(text)


def _separate_bold(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Put a thin space between bold text and a letter it touches: Slack makes nothing bold inside a word."""
    separated: list[tuple[str, bool]] = []
    for index, (piece, is_evidence) in enumerate(pieces):
        if not is_evidence and index and pieces[index - 1][1] and piece[:1].isalnum():
            piece = "\u200a" + piece
        if not is_evidence and index + 1 < len(pieces) and pieces[index + 1][1] and piece[-1:].isalnum():
            piece += "\u200a"
        separated.append((piece, is_evidence))
    return separated


def _pack_blocks(head: list[Block], blocks: list[Block], footer: Block, page_url: str | None) -> list[list[Block]]:
    """Fill messages with blocks; where the last one is full, a link to the page stands for the rest."""
    messages = [list(head)]
    length = sum(map(_measure, head))
    for block in blocks:
        needed = length + _measure(block) + _measure(footer) + _PAGE_LINK_RESERVE
        if len(messages[-1]) + 2 > MAX_BLOCKS or needed > MAX_MESSAGE_LENGTH:
            if len(messages) == MAX_MESSAGES:
                text = "There is more than Slack holds"
                messages[-1][-1:] = [_context(f"<{escape_url(page_url)}|{text}>" if page_url else f"{text}.")]
                break
            messages.append([])
            length = 0
        # A message does not begin with a line.
        if block is _DIVIDER and not messages[-1]:
            continue
        messages[-1].append(block)
        length += _measure(block)
    messages[-1].append(footer)
    return messages


def _measure(block: Block) -> int:
    """Return the characters of a block's texts."""
    text = block.get("text") or {}
    return len(text.get("text", "")) + sum(len(element.get("text", "")) for element in block.get("elements", []))


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}

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
    GROUP_LABELS,
    HELD_BEFORE,
    format_count,
    format_coverage,
    format_empty,
    format_held_before,
    format_lead,
    format_more,
    format_silent,
    format_subject,
    is_compact_story,
)
from watcher.digest.forms import DigestForms
from watcher.digest.links import Links
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
)
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestStory
from watcher.model.event import EventReport
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
MAX_JUDGED_TOPICS = 5
"""Topics with buttons below a story: an actions block holds 25 elements, a row of a phone five."""
MAX_BRIEF_URL = 400
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
    """Return a digest as messages of blocks, with a fallback text for notifications.

    The first message is the whole briefing at a glance: coverage and the brief. The stories follow in the next ones;
    a digest that is its own brief is one message.
    """
    links = links or Links()
    head = _render_head(digest)
    opening = [[*head, *_render_brief(digest, links)]] if digest.is_briefed else []
    blocks = list(_iter_blocks(digest, links))
    footer = _context(_render_footer(digest))
    packed = _pack_blocks([] if opening else head, blocks, footer, links.base_url, MAX_MESSAGES - len(opening))
    fallback = escape_mrkdwn(format_subject(digest))
    messages = [*opening, *packed]
    return [
        {
            "text": fallback if len(messages) == 1 else f"{fallback} ({number}/{len(messages)})",
            "blocks": message,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        for number, message in enumerate(messages, start=1)
    ]


def _iter_blocks(digest: Digest, links: Links) -> Iterator[Block]:
    """Yield the blocks of all stories, and of what stands in place of stories or for those that are not shown."""
    for place, story in enumerate(digest.stories):
        yield from _render_place(digest, place, links, compact=is_compact_story(story, place))
    yield from _render_held_before(digest)
    if digest.is_empty:
        yield _section(escape_mrkdwn(format_empty(digest)))
    if digest.left_out:
        url, more = links.stories(digest.topics), format_more(digest.left_out)
        yield _context(f"<{escape_url(url)}|{more}>" if url else more)
    if silent := format_silent(digest):
        yield _context(silent)
    yield from render_related(digest, links)


def _render_head(digest: Digest) -> list[Block]:
    title = cut_mrkdwn(digest.title, MAX_HEADER_LENGTH)
    warning = "⚠ " if digest.coverage.bad else ""
    return [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
        _context(format_lead(digest)),
        _context(f"{warning}{escape_mrkdwn(format_coverage(digest.coverage))}"),
        *(_context(f"⚠ {escape_mrkdwn(cut_mrkdwn(alarm, 300))}") for alarm in digest.alarms[:MAX_ALARMS]),
    ]


def _render_brief(digest: Digest, links: Links) -> Iterator[Block]:
    """Return the most important stories, one line each below its headline, and a button to the digest's page."""
    lines = []
    for number, story in enumerate(digest.brief, 1):
        headline, first = story.headline, story.facts.first
        title = isolate(escape_mrkdwn(cut_mrkdwn(headline.title, 200)).replace("|", "¦"))
        url = links.story(story.id) or headline.url
        status = format_status(story, digest)
        parts = [
            f"_{status}_" if status else "",
            f"first {isolate(escape_mrkdwn(cut_mrkdwn(first.outlet, 80)))}, "
            + format_time(first.reported_at, digest.timezone, digest.window[1]),
            escape_mrkdwn(format_spread(story)),
        ]
        linked = f"<{escape_url(url)}|{title}>" if url and len(url) < MAX_BRIEF_URL else title
        lines.append(f"{number}. *{linked}*\n      {' · '.join(part for part in parts if part)}")
    yield _section("*In brief*")
    for line in lines:
        yield _section(line)
    if (page := links.digests()) is not None:
        yield _actions("open", [_button("Open the digest", page, "open")])


def _render_place(digest: Digest, place: int, links: Links, *, compact: bool) -> Iterator[Block]:
    """Return the blocks of the story at a place, below a heading where one begins; of a compact one a single block."""
    story = digest.stories[place]
    label = GROUP_LABELS[story.lead.kind]
    before = GROUP_LABELS[digest.stories[place - 1].lead.kind] if place else ""
    if label != before:
        yield _context(f"_{label}_")
    elif not compact:
        yield _DIVIDER
    if compact:
        yield _render_story(story, digest, compact=True)
        return
    yield _render_story(story, digest)
    names = [f"# {escape_mrkdwn(cut_mrkdwn(label.name, 80))}" for label in story.labels]
    why = format_importance(story, place) if digest.is_briefed else ""
    yield _context(cut_mrkdwn(" · ".join(names), 1_000) + (f"\n{why}" if why else ""))
    if buttons := list(_iter_buttons(story, links)):
        yield _actions(f"judge-{story.lead.hit_id}", buttons)


def _iter_buttons(story: DigestStory, links: Links) -> Iterator[Block]:
    """Return two buttons for each topic of a story: they open the page on which it is judged."""
    for label in story.labels[:MAX_JUDGED_TOPICS]:
        yes, no = links.label(label.hit_id, "relevant"), links.label(label.hit_id, "irrelevant")
        if yes and no:
            yield _button(f"{cut_mrkdwn(label.name, 50)}: relevant", yes, f"relevant:{label.hit_id}")
            yield _button("not relevant", no, f"irrelevant:{label.hit_id}")


def _render_held_before(digest: Digest) -> Iterator[Block]:
    if digest.held_before:
        yield _DIVIDER
        yield _section(f"*{HELD_BEFORE}* · {format_held_before(digest, len(digest.held_before))}")
    for story in digest.held_before:
        yield _render_story(story, digest, compact=True)


def _render_footer(digest: Digest) -> str:
    footer = escape_mrkdwn(format_coverage(digest.coverage))
    for note in (*digest.troubles, *digest.coverage.notes):
        line = f"\n• {escape_mrkdwn(cut_mrkdwn(note, 300))}"
        if len(footer) + len(line) > MAX_FOOTER_LENGTH:
            break
        footer += line
    return footer


def _render_story(story: DigestStory, digest: Digest, *, compact: bool = False) -> Block:
    """Return a story as one block; where it is too long, first links and summary are left out, then all but a name."""
    lead = story.lead
    heading = list(_iter_heading(story, digest))
    if compact:
        labels = " · ".join(f"# {escape_mrkdwn(cut_mrkdwn(label.name, 80))}" for label in story.labels)
        lines = [*heading, f"{_render_reports(story, digest, with_links=True)} {labels}"]
    else:
        lines = [*heading, _render_reports(story, digest, with_links=True), *_iter_text(story)]
    for text in ("\n".join(lines), "\n".join([*heading, _render_reports(story, digest, with_links=False)])):
        if len(text) <= MAX_TEXT_LENGTH:
            return _section(text)
    return _section(f"*{_format_title(story)}*\n{isolate(escape_mrkdwn(cut_mrkdwn(lead.source, 80)))}")


def _format_title(story: DigestStory) -> str:
    return isolate(escape_mrkdwn(cut_mrkdwn(story.headline.title, 300)).replace("|", "¦"))


def _iter_heading(story: DigestStory, digest: Digest) -> Iterator[str]:
    """Yield the lines above a story's text: how it stands, its headline, and the former or original one."""
    title, url = _format_title(story), story.headline.url
    if status := format_status(story, digest):
        yield f"_{status}_"
    yield f"*<{escape_url(url)}|{title}>*" if url else f"*{title}*"
    if regrouping := format_regrouping(story, digest, lambda title: isolate(escape_mrkdwn(cut_mrkdwn(title, 200)))):
        yield f"_{regrouping}_"
    if compare_headlines(story.lead):
        yield f"Changed from “{isolate(escape_mrkdwn(cut_mrkdwn(story.lead.former_title, 300)))}”"
    if (original := story.original) is not None:
        yield isolate(escape_mrkdwn(cut_mrkdwn(original.title, 300)))
        if note := format_original(story):
            yield f"_{escape_mrkdwn(note)}_"


def _iter_text(story: DigestStory) -> Iterator[str]:
    """Yield a machine's summary, the lead's own, and what the other reports add."""
    for cited_sentence in story.cited_summary:
        numbers = "".join(
            f" <{escape_url(cited.report.url)}|[{cited.number}]>" if cited.report.url else f" [{cited.number}]"
            for cited in cited_sentence.reports
        )
        yield f"_{SUMMARY_LABEL}:_ {escape_mrkdwn(cited_sentence.text)}{numbers}"
    if summary := "".join(_render_piece(*piece) for piece in _separate_bold(cut_summary(story.lead, SUMMARY_LENGTH))):
        yield isolate(summary)
    for addition in story.additions:
        sentence = isolate(escape_mrkdwn(cut_mrkdwn(addition.sentence, 300)))
        yield f"• {sentence} ({isolate(escape_mrkdwn(cut_mrkdwn(addition.outlet, 80)))})"


def _render_reports(story: DigestStory, digest: Digest, *, with_links: bool) -> str:
    """Return who reported a story first, who after that, and how many copied."""
    now, zone = digest.window[1], digest.timezone
    first, lead = story.facts.first, story.lead
    is_lead = first.entry_id == lead.entry_id
    when = format_hit_time(lead, zone, now) if is_lead else format_time(first.reported_at, zone, now)
    reports, more = list_later_outlets(story, MAX_OUTLETS)

    def name(report: EventReport) -> str:
        """Return a report's outlet, as a link where it is wanted."""
        outlet = isolate(escape_mrkdwn(cut_mrkdwn(report.outlet, 80)).replace("|", "¦"))
        return f"<{escape_url(report.url)}|{outlet}>" if with_links and report.url else outlet

    text = f"First: {name(first)}, {when}."
    if reports:
        later = ", ".join(f"{name(report)} {format_time(report.reported_at, zone, now)}" for report in reports)
        text += f" Then {later}" + (f" and {more} more" if more else "") + "."
    if copies := story.facts.copies:
        text += f" {format_count(copies, 'copy', 'copies')}."
    return text + "".join(f" _{escape_mrkdwn(cut_mrkdwn(flag, 200))}_" for flag in list_flags(lead))


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


def _pack_blocks(
    head: list[Block], blocks: list[Block], footer: Block, page_url: str | None, limit: int
) -> list[list[Block]]:
    """Fill messages with blocks; where the last one is full, a link to the page stands for the rest."""
    messages = [list(head)]
    length = sum(map(_measure, head))
    for block in blocks:
        needed = length + _measure(block) + _measure(footer) + _PAGE_LINK_RESERVE
        if len(messages[-1]) + 2 > MAX_BLOCKS or needed > MAX_MESSAGE_LENGTH:
            if len(messages) == limit:
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
    return len(text.get("text", "")) + sum(map(_measure_element, block.get("elements", [])))


def _measure_element(element: Block) -> int:
    text = element.get("text", "")
    return len(text) if isinstance(text, str) else len(text["text"])


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _actions(block_id: str, buttons: list[Block]) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": buttons}


def _button(text: str, url: str, action_id: str) -> Block:
    plain = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "button", "text": plain, "url": url, "action_id": action_id}

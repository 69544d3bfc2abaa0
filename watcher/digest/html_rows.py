"""Renders one story of a digest as HTML: whole, or in two lines."""

from __future__ import annotations

from typing import Any

import jinja2
from markupsafe import Markup, escape

from watcher.digest.evidence import Pieces, cut_summary, split_by_evidence
from watcher.digest.feedback_links import JUDGEMENTS
from watcher.digest.links import Links
from watcher.digest.story_text import (
    SUMMARY_LABEL,
    compare_headlines,
    format_hit_time,
    format_original,
    format_regrouping,
    format_status,
    format_time,
    list_flags,
    list_later_outlets,
    title_additions,
)
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestStory, StoryStatus
from watcher.model.event import EventReport

_TAG_STYLES = {
    StoryStatus.NEW: "background:#e8eff8;color:#1a4e92",
    StoryStatus.CONTINUES: "background:#eef0f3;color:#46505b",
    StoryStatus.CHANGED: "background:#fcf1de;color:#7d4206",
}
TAGS = {
    status: Markup(f'class="tag {status.value}" style="font-size:12px;font-weight:600;{style}"')  # noqa: S704
    for status, style in _TAG_STYLES.items()
}
"""The attributes of the tag that shows how a story stands to earlier digests."""
_MARK = '<mark style="background:#ffe9a3;color:#1b2129">'


def render_row(template: jinja2.Template, digest: Digest, story: DigestStory, links: Links, *, compact: bool) -> Markup:
    """Return a story as HTML; `compact` ones have neither summary nor links to judge them."""
    lead = story.lead
    own = _link_judgements(links, lead.hit_id)
    labels = [
        {"name": label.name, "is_first": not number}
        | (own if label.hit_id == lead.hit_id else _link_judgements(links, label.hit_id))
        for number, label in enumerate(story.labels)
    ]
    context = {
        "line": story,
        "compact": compact,
        "status": format_status(story, digest),
        # Its headlines are escaped.
        "regrouping": Markup(format_regrouping(story, digest, _isolate)) if story.regrouping else "",  # noqa: S704
        "tag": TAGS[story.status],
        "changes": compare_headlines(lead),
        "flags": list_flags(lead),
        "source": lead.source,
        "summary": "" if compact else _mark_evidence(cut_summary(lead)),
        "summary_language": lead.language,
        "sentences": () if compact else story.cited_summary,
        "summary_label": SUMMARY_LABEL,
        "additions": () if compact else story.additions,
        "additions_title": title_additions(story),
        **own,
        **_describe_headline(story),
        **_describe_spread(digest, story),
        "labels": labels,
    }
    row = template.render(context)
    return Markup(row)  # noqa: S704  (the template escapes)


def _isolate(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _link_judgements(links: Links, hit_id: int) -> dict[str, str | None]:
    """Return the pages on which a hit is judged."""
    return {judgement: links.label(hit_id, judgement) for judgement in JUDGEMENTS}


def _describe_headline(story: DigestStory) -> dict[str, Any]:
    headline, original = story.headline, story.original
    return {
        "title": _mark_evidence(split_by_evidence(headline.title, "title", headline.evidence)),
        "url": headline.url,
        "language": headline.language,
        "original": _mark_evidence(split_by_evidence(original.title, "title", original.evidence)) if original else "",
        "original_language": original.language if original else "",
        "original_note": format_original(story),
    }


def _describe_spread(digest: Digest, story: DigestStory) -> dict[str, Any]:
    """Return who reported a story, and when: the first outlet, the others, and how many copied."""
    now, zone = digest.window[1], digest.timezone
    reports, more = list_later_outlets(story)
    first, lead = story.facts.first, story.lead

    when_lead = format_time(lead.reported_at, zone, now)

    def describe(report: EventReport, *, is_first: bool = True) -> dict[str, Any]:
        """Return outlet, address and time of a report; `is_first` marks the first of those that came later."""
        if report.entry_id != lead.entry_id:
            when = format_time(report.reported_at, zone, now)
        else:
            when = format_hit_time(lead, zone, now) if lead.is_seen_late else when_lead
        return {"outlet": report.outlet, "url": report.url, "when": when, "is_first": is_first}

    return {
        "first": describe(first),
        "also": [describe(report, is_first=not number) for number, report in enumerate(reports)],
        "more": more,
        "copies": story.facts.copies,
        "when": when_lead,
    }


def _mark_evidence(pieces: Pieces) -> Markup:
    """Return text as HTML, escaped, with its evidence marked."""
    # Markup's own join and format take five times as long.
    parts = [f"{_MARK}{escape(piece)}</mark>" if is_evidence else escape(piece) for piece, is_evidence in pieces]
    return Markup("".join(parts))  # noqa: S704

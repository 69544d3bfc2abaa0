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

TAG_STYLES = {
    StoryStatus.NEW: "background:#e8eff8;color:#1a4e92",
    StoryStatus.CONTINUES: "background:#eef0f3;color:#46505b",
    StoryStatus.CHANGED: "background:#fcf1de;color:#7d4206",
}
_MARK = '<mark style="background:#ffe9a3;color:#1b2129">'


def render_row(template: jinja2.Template, digest: Digest, story: DigestStory, links: Links, *, compact: bool) -> Markup:
    """Return a story as HTML; `compact` ones have neither summary nor links to judge them."""
    lead = story.lead
    judged = {hit_id: _link_judgements(links, hit_id) for hit_id in {lead.hit_id, *(e.hit_id for e in story.labels)}}
    row = template.render(
        line=story,
        compact=compact,
        status=format_status(story, digest),
        regrouping=Markup(format_regrouping(story, digest, _isolate)),  # noqa: S704  (headlines are escaped)
        tag_style=Markup(TAG_STYLES[story.status]),  # noqa: S704
        changes=compare_headlines(lead),
        flags=list_flags(lead),
        source=lead.source,
        summary="" if compact else _mark_evidence(cut_summary(lead)),
        summary_language=lead.language,
        sentences=() if compact else story.cited_summary,
        summary_label=SUMMARY_LABEL,
        additions=() if compact else story.additions,
        additions_title=title_additions(story),
        **judged[lead.hit_id],
        **_describe_headline(story),
        **_describe_spread(digest, story),
        labels=[{"name": label.name} | judged[label.hit_id] for label in story.labels],
    )
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

    def describe(report: EventReport) -> dict[str, str | None]:
        """Return outlet, address and time of a report."""
        when = format_hit_time(lead, zone, now) if report.entry_id == lead.entry_id else ""
        return {
            "outlet": report.outlet,
            "url": report.url,
            "when": when or format_time(report.reported_at, zone, now),
        }

    return {
        "first": describe(first),
        "also": [describe(report) for report in reports],
        "more": more,
        "copies": story.facts.copies,
        "when": format_time(lead.reported_at, zone, now),
    }


def _mark_evidence(pieces: Pieces) -> Markup:
    """Return text as HTML, escaped, with its evidence marked."""
    # Markup's own join and format take five times as long.
    parts = [f"{_MARK}{escape(piece)}</mark>" if is_evidence else escape(piece) for piece, is_evidence in pieces]
    return Markup("".join(parts))  # noqa: S704

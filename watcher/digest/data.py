"""A digest as plain data, for webhooks and JSON files."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from watcher.model.digest import Digest, DigestHit, StoryLine


def as_data(digest: Digest) -> dict[str, Any]:
    """Say a digest as what JSON can hold; moments are UTC in ISO 8601."""
    known = digest.coverage
    return {
        "name": digest.name,
        "title": digest.title,
        "slot_at": _moment(digest.slot_at),
        "window": [_moment(digest.window[0]), _moment(digest.window[1])],
        "coverage": asdict(known) | {"bad": known.bad, "notes": list(known.notes)},
        "alarms": list(digest.alarms),
        "troubles": list(digest.troubles),
        "topics": [
            {
                "id": section.topic_id,
                "name": section.name,
                "stories": [_story(line) for line in section.stories],
                "more": section.more,
            }
            for section in digest.sections
        ],
    }


def _story(line: StoryLine) -> dict[str, Any]:
    return {
        "story": line.lead.story_id,
        "title": line.lead.title,
        "url": line.lead.url,
        "outlets": list(line.outlets),
        "score": round(line.lead.score, 4),
        "hits": [_hit(hit) for hit in (line.lead, *line.others)],
    }


def _hit(hit: DigestHit) -> dict[str, Any]:
    return {
        "id": hit.hit_id,
        "entry": hit.entry_id,
        "title": hit.title,
        "url": hit.url,
        "source": hit.source,
        "summary": hit.summary,
        "language": hit.language,
        "published_at": _moment(hit.published_at),
        "first_seen_at": _moment(hit.first_seen_at),
        "matched_at": _moment(hit.matched_at),
        "score": round(hit.score, 4),
        "origin": hit.origin.value,
        "edited": hit.edited,
        "matched_by_edit": hit.matched_by_edit,
        "baseline": hit.baseline,
        "evidence": [
            {"field": e.field, "start": e.start, "end": e.end, "text": e.text, "clause": e.clause} for e in hit.evidence
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None

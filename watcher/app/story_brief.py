"""One story with its facts, and how much was watched while it grew: shown on the page, exported as a brief."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from watcher.digest.story_brief import build_brief_text
from watcher.digest.story_markdown import render_story_markdown
from watcher.errors import NotFoundError
from watcher.model.digest import Coverage
from watcher.model.event import EventFacts
from watcher.store.database import Db
from watcher.store.stories.reports import load_story_reports
from watcher.store.system.status import measure_coverage
from watcher.stories import summarise_event

COVERED_BEFORE = timedelta(hours=24)
"""How long before the first report the coverage of a story begins: an earlier report would have come then."""


class BriefFormat(StrEnum):
    """In what a story is exported."""

    MARKDOWN = "markdown"
    DOCX = "docx"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryBrief:
    """A story that can be cited: its facts, the coverage of its time, and when the brief was made (UTC)."""

    id: int
    facts: EventFacts
    coverage: Coverage
    covered: tuple[datetime, datetime]
    made_at: datetime


def load_story_brief(db: Db, story_id: int, now: datetime, *, language: str = "en") -> StoryBrief:
    """Return a story with its facts; its title is in `language` where a report is. Raises NotFoundError."""
    stored = load_story_reports(db, [story_id], detailed=[story_id]).get(story_id)
    if stored is None:
        raise NotFoundError("story", str(story_id))
    facts = summarise_event(stored.reports, languages=(language,))
    covered = min(facts.first_at, now) - COVERED_BEFORE, now
    return StoryBrief(id=story_id, facts=facts, coverage=measure_coverage(db, *covered), covered=covered, made_at=now)


def export_story(
    db: Db, story_id: int, form: BriefFormat, now: datetime, *, language: str = "en", timezone: str = "UTC"
) -> bytes:
    """Return a story as a brief that can be cited, with sources, times and coverage. Raises NotFoundError."""
    brief = load_story_brief(db, story_id, now, language=language)
    text = build_brief_text(brief.id, brief.facts, brief.coverage, brief.covered, brief.made_at, timezone)
    match form:
        case BriefFormat.MARKDOWN:
            return render_story_markdown(text).encode()
        case BriefFormat.DOCX:
            # The library takes longer to import than everything else here.
            from watcher.digest.story_docx import render_story_docx

            return render_story_docx(text)
        case _:
            assert_never(form)

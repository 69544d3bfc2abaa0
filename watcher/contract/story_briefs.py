"""The brief of a story: who reported what, when, who copied whom, and how much was watched meanwhile."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from watcher.contract.digests import Coverage, encode_coverage
from watcher.contract.timestamps import format_timestamp
from watcher.model.digest import Coverage as ModelCoverage
from watcher.model.event import EventFacts, ReportFacts


class BriefHeadlineEdit(TypedDict):
    """A headline that a report had until `replaced_at`, and the one that took its place."""

    old: str
    new: str
    replaced_at: str


class BriefReport(TypedDict):
    """A report in order of publication; `copy_of` is the entry that it repeats, `adds` what it is the first to say."""

    entry: int
    outlet: str
    title: str
    language: str | None
    url: str | None
    published_at: str | None
    first_seen_at: str
    joined_late: bool
    copy_of: int | None
    topics: list[str]
    adds: list[str]
    numbers: list[str]
    names: list[str]
    edits: list[BriefHeadlineEdit]


class StoryBrief(TypedDict):
    """A story with its facts. `covered` is the time whose coverage is stated, from a day before the first report."""

    id: int
    title: str
    language: str | None
    first_at: str
    last_at: str
    first_outlet: str
    outlets: list[str]
    independent_outlets: list[str]
    copies: int
    languages: list[str]
    topics: list[str]
    reports: list[BriefReport]
    covered: list[str]
    coverage: Coverage
    made_at: str


def encode_story_brief(
    story_id: int,
    facts: EventFacts,
    coverage: ModelCoverage,
    covered: tuple[datetime, datetime],
    made_at: datetime,
) -> StoryBrief:
    """Return a story's brief."""
    return {
        "id": story_id,
        "title": facts.title,
        "language": facts.title_language,
        "first_at": format_timestamp(facts.first_at),
        "last_at": format_timestamp(facts.last_at),
        "first_outlet": facts.first.outlet,
        "outlets": list(facts.outlets),
        "independent_outlets": list(facts.independent_outlets),
        "copies": facts.copies,
        "languages": list(facts.languages),
        "topics": list(facts.topics),
        "reports": [_encode_report(fact) for fact in facts.reports],
        "covered": [format_timestamp(covered[0]), format_timestamp(covered[1])],
        "coverage": encode_coverage(coverage),
        "made_at": format_timestamp(made_at),
    }


def _encode_report(fact: ReportFacts) -> BriefReport:
    report = fact.report
    return {
        "entry": report.entry_id,
        "outlet": report.outlet,
        "title": report.title,
        "language": report.language,
        "url": report.url,
        "published_at": format_timestamp(report.published_at),
        "first_seen_at": format_timestamp(report.first_seen_at),
        "joined_late": report.joined_late,
        "copy_of": fact.copy_of,
        "topics": list(report.topics),
        "adds": list(fact.additions.sentences),
        "numbers": list(fact.additions.numbers),
        "names": list(fact.additions.names),
        "edits": [
            {"old": edit.old, "new": edit.new, "replaced_at": format_timestamp(edit.replaced_at)}
            for edit in report.edits
        ],
    }

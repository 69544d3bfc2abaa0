"""What a brief of one story says, before it becomes Markdown or a document: every claim with its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watcher.digest.format_helpers import format_count, format_coverage
from watcher.model.digest import Coverage
from watcher.model.event import EventFacts, EventReport, ReportFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefReport:
    """A report as a brief cites it: `number` is its place in order of publication, `notes` are short sentences."""

    number: int
    outlet: str
    title: str
    language: str | None
    url: str | None
    times: str
    notes: tuple[str, ...]
    added_sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefText:
    """A brief in words: heading, lead lines, reports, and how much was watched."""

    title: str
    language: str | None
    lead: tuple[str, ...]
    reports: tuple[BriefReport, ...]
    coverage: tuple[str, ...]
    made: str


def build_brief_text(
    story_id: int,
    facts: EventFacts,
    coverage: Coverage,
    covered: tuple[datetime, datetime],
    made_at: datetime,
    timezone: str = "UTC",
) -> BriefText:
    """Return the words of a brief; all times in the zone, with its offset."""
    numbers = {fact.report.entry_id: number for number, fact in enumerate(facts.reports, 1)}
    window = f"{format_moment(covered[0], timezone)} to {format_moment(covered[1], timezone)}"
    return BriefText(
        title=facts.title,
        language=facts.title_language,
        lead=tuple(_iter_lead(facts, timezone)),
        reports=tuple(_build_report(fact, numbers, timezone) for fact in facts.reports),
        coverage=(f"Watched from {window}.", format_coverage(coverage), *coverage.notes),
        made=f"Story {story_id}, as known at {format_moment(made_at, timezone)}.",
    )


def format_moment(moment: datetime, timezone: str) -> str:
    """Return a moment to be cited: `27 Nov 2026, 05:12 UTC+00:00`."""
    local = moment.astimezone(ZoneInfo(timezone))
    offset = f"{local:%z}"
    return f"{local.day} {local:%b %Y, %H:%M} UTC{offset[:3]}:{offset[3:5]}"


def _iter_lead(facts: EventFacts, timezone: str) -> Iterator[str]:
    first = facts.first
    yield f"First reported by {first.outlet} at {format_moment(first.reported_at, timezone)} [1]."
    independent = len(facts.independent_outlets)
    outlets = format_count(independent, "outlet with a report of its own", "outlets with a report of their own")
    copies = f", {format_count(facts.copies, 'copy', 'copies')}" if facts.copies else ""
    yield f"{format_count(len(facts.reports), 'report', 'reports')}: {outlets}{copies}."
    if len(facts.outlets) > 1:
        yield f"In order: {', '.join(facts.outlets)}."
    if facts.languages:
        yield f"Languages: {', '.join(facts.languages)}."
    if facts.topics:
        yield f"Topics: {', '.join(facts.topics)}."


def _build_report(fact: ReportFacts, numbers: dict[int, int], timezone: str) -> BriefReport:
    report = fact.report
    return BriefReport(
        number=numbers[report.entry_id],
        outlet=report.outlet,
        title=report.title or "(no headline)",
        language=report.language,
        url=report.url,
        times=_format_times(report, timezone),
        notes=tuple(_iter_notes(fact, numbers, timezone)),
        added_sentences=fact.additions.sentences,
    )


def _format_times(report: EventReport, timezone: str) -> str:
    seen = f"seen {format_moment(report.first_seen_at, timezone)}"
    if report.published_at is None:
        return f"no plausible time of publication, {seen}"
    return f"published {format_moment(report.published_at, timezone)}, {seen}"


def _iter_notes(fact: ReportFacts, numbers: dict[int, int], timezone: str) -> Iterator[str]:
    if fact.copy_of is not None and fact.copy_of in numbers:
        yield f"Repeats [{numbers[fact.copy_of]}] nearly word for word."
    if fact.report.joined_late:
        yield "Joined the story later, when it was read for meaning."
    added = [*fact.additions.numbers, *fact.additions.names]
    if added:
        yield f"First to name: {', '.join(added)}."
    for edit in fact.report.edits:
        yield f"Headline was “{edit.old}” until {format_moment(edit.replaced_at, timezone)}."

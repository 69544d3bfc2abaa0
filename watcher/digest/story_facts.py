"""The facts of a story as far as its hits alone tell them, and the sentences that digests make of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watcher.model.digest_story import DigestHit
from watcher.model.event import EventFacts, EventReport, ReportFacts


def build_facts(hits: Sequence[DigestHit], language: str = "") -> EventFacts:
    """Return the facts of a story of which nothing but some hits is known: no copies, nothing that a report adds."""
    by_entry = {hit.entry_id: hit for hit in reversed(hits)}
    reports = sorted(map(to_report, by_entry.values()), key=lambda report: (report.reported_at, report.entry_id))
    titled = next((report for report in reports if matches_language(report.language, language)), reports[0])
    outlets = _distinct(report.outlet for report in reports)
    return EventFacts(
        title=titled.title,
        title_language=titled.language,
        title_entry_id=titled.entry_id,
        reports=tuple(ReportFacts(report=report) for report in reports),
        outlets=outlets,
        independent_outlets=outlets,
        languages=_distinct(report.language for report in reports if report.language),
        topics=_distinct(hit.topic_id for hit in hits),
        first_at=reports[0].reported_at,
        last_at=reports[-1].reported_at,
        growth=(),
    )


def to_report(hit: DigestHit) -> EventReport:
    """Return a hit's entry as a report of its story."""
    return EventReport(
        entry_id=hit.entry_id,
        title=hit.title,
        text=hit.summary,
        outlet=hit.source,
        language=hit.language,
        url=hit.url,
        published_at=hit.plausible_published_at,
        first_seen_at=hit.first_seen_at,
    )


def matches_language(language: str | None, wanted: str) -> bool:
    """Return whether a text's language is the one that is wanted, regions apart: `en-GB` is `en`."""
    return bool(wanted) and (language or "").partition("-")[0].lower() == wanted.partition("-")[0].lower()


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))

"""What the reports of one story say together: who was first, who copied whom, what each report adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a feed's clock may be ahead of ours."""


def choose_plausible_time(published_at: datetime | None, first_seen_at: datetime) -> datetime | None:
    """Return when an entry was published; None where its feed says nothing, or a time after it was seen.

    A feed's clock may be somewhat ahead of ours: nothing was published after it was seen.
    """
    if published_at is None or published_at <= first_seen_at:
        return published_at
    return first_seen_at if published_at <= first_seen_at + CLOCK_TOLERANCE else None


def choose_report_time(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """Return when an entry was published where that is plausible, else when it was first seen: what orders reports."""
    return choose_plausible_time(published_at, first_seen_at) or first_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineEdit:
    """A headline that a report had until `replaced_at`, and the one that took its place."""

    old: str
    new: str
    replaced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """A report of a story, as much of it as the facts of the event need.

    `published_at` is None where the feed names none or one that is not plausible. `copy_of` is set by
    `summarise_event`, `copy` where a report is built.
    """

    entry_id: int
    title: str
    text: str = ""
    outlet: str
    language: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    first_seen_at: datetime
    copy: bool = False
    joined_late: bool = False
    topics: tuple[str, ...] = ()
    edits: tuple[HeadlineEdit, ...] = ()

    @property
    def reported_at(self) -> datetime:
        """When it was published where that is plausible, else when it was first seen."""
        return self.published_at or self.first_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What a report says that none before it said: sentences (of a language that was read before), numbers, names."""

    sentences: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """A report in its place among the others; `copy_of` is the entry that it repeats nearly word for word."""

    report: EventReport
    copy_of: int | None = None
    additions: Additions = Additions()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """The facts of an event, from its reports alone. `reports` are in order of publication, the first publisher first.

    `title` is the headline of the first report in a language of the reader, else of the first report at all.
    `independent_outlets` are those with a report that is no copy, in order; `outlets` are all.
    """

    title: str
    title_language: str | None
    title_entry_id: int
    reports: tuple[ReportFacts, ...]
    outlets: tuple[str, ...]
    independent_outlets: tuple[str, ...]
    languages: tuple[str, ...]
    topics: tuple[str, ...]
    first_at: datetime
    last_at: datetime

    @property
    def first(self) -> EventReport:
        """The report of the first publisher."""
        return self.reports[0].report

    @property
    def independent(self) -> int:
        """How many reports are no copies."""
        return sum(facts.copy_of is None for facts in self.reports)

    @property
    def copies(self) -> int:
        """How many reports repeat another one nearly word for word."""
        return len(self.reports) - self.independent

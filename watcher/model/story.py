"""A story: the reports of one event, shown as one and never hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

READER_LANGUAGE = "en"


class StoryOrder(StrEnum):
    """The order of a list of stories: by the latest report, by the first, or by how many outlets reported."""

    ACTIVE = "active"
    NEW = "new"
    OUTLETS = "outlets"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryArticle:
    """One report inside a story; `copy` is a near-verbatim copy of an earlier one."""

    entry_id: int
    title: str
    url: str | None
    source: str
    first_seen_at: datetime
    copy: bool = False
    language: str | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A group of entries, oldest first."""

    id: int
    first_at: datetime
    last_at: datetime
    size: int
    reports: tuple[StoryArticle, ...] = ()

    @property
    def lead(self) -> StoryArticle | None:
        """The report whose headline names the story: the first in the reader's language, else the first."""
        own = (report for report in self.reports if (report.language or "").partition("-")[0] == READER_LANGUAGE)
        return next(own, self.reports[0] if self.reports else None)

    @property
    def outlets(self) -> tuple[str, ...]:
        """The outlets in order of discovery, each once."""
        return tuple(dict.fromkeys(report.source for report in self.reports))

    @property
    def independent_outlets(self) -> tuple[str, ...]:
        """The outlets with a report that is no copy."""
        return tuple(dict.fromkeys(report.source for report in self.reports if not report.copy))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the reports, each once."""
        return tuple(dict.fromkeys(report.language for report in self.reports if report.language))

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that reports are hits of, each once."""
        return tuple(dict.fromkeys(topic for report in self.reports for topic in report.topics))

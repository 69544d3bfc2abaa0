"""What a digest reports: hits, and the stories that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import islice

from watcher.model.event import EventFacts, EventReport, ReportFacts, choose_plausible_time
from watcher.model.importance import Importance
from watcher.model.language import get_primary_language
from watcher.model.machine_text import SummarySentence, Translation
from watcher.model.regrouping import Regrouping
from watcher.model.topic import Evidence, Origin

MAX_ADDITIONS = 4
"""How many sentences are shown of what reports add."""
LATE_AFTER = timedelta(hours=3)
"""An item that was seen so long after its publication shows both times."""


class NewsKind(StrEnum):
    """How a hit came to be news: plain news come first in a digest, the archive's finds last."""

    NEW = "new"
    EDITED = "edited"
    ARCHIVE = "archive"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestHit:
    """A hit as a digest shows it: the entry's words and the evidence in them.

    `edited` marks one that was reported before and has another headline now; `former_title` is the reported one. An
    entry that began to match with an edit and was never reported is not `edited`: see `matched_by_edit`. `is_weak`
    marks one for which words alone speak.
    """

    hit_id: int
    entry_id: int
    topic_id: str
    title: str
    url: str | None
    source: str
    summary: str
    language: str | None
    published_at: datetime | None
    first_seen_at: datetime
    matched_at: datetime
    score: float
    origin: Origin
    evidence: tuple[Evidence, ...]
    story_id: int | None = None
    edited: bool = False
    baseline: bool = False
    former_title: str = ""
    version: int = 1
    is_weak: bool = False

    @property
    def matched_by_edit(self) -> bool:
        """Return whether an edit made the match and no digest has reported it yet."""
        return self.origin is Origin.EDIT and not self.edited

    @property
    def news_at(self) -> datetime:
        """Return when the hit became news: at the edit that made the match, else when its entry was first seen."""
        return self.matched_at if self.origin is Origin.EDIT and not self.edited else self.first_seen_at

    @property
    def plausible_published_at(self) -> datetime | None:
        """When it was published; None where the feed says nothing or a time after the entry was seen."""
        return choose_plausible_time(self.published_at, self.first_seen_at)

    @property
    def reported_at(self) -> datetime:
        """When it became news to the world: at the edit that made the match, else when published, else when seen."""
        return self.matched_at if self.matched_by_edit else self.plausible_published_at or self.first_seen_at

    @property
    def is_seen_late(self) -> bool:
        """Return whether it was seen so long after it was published that both times are worth showing."""
        published = self.plausible_published_at
        return published is not None and self.first_seen_at - published > LATE_AFTER

    @property
    def kind(self) -> NewsKind:
        """Return how the hit became news: an edit that made the match is news, whenever its entry was first seen."""
        if self.edited:
            return NewsKind.EDITED
        if self.origin is Origin.EDIT:
            return NewsKind.NEW
        if self.baseline:
            return NewsKind.BASELINE
        return NewsKind.ARCHIVE if self.origin is Origin.BACKFILL else NewsKind.NEW


class StoryStatus(StrEnum):
    """How a story stands to the earlier digests of the same name."""

    NEW = "new"
    CONTINUES = "continues"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHistory:
    """What is stored of a story beyond the hits of a digest.

    `reported_at` is the slot of the last digest of the same name that reported the story, `reported_in` its id;
    `source_weight` is the greatest weight of the feeds with an independent report.
    """

    facts: EventFacts
    reported_at: datetime | None = None
    reported_in: int | None = None
    source_weight: float = 1.0
    regrouping: Regrouping | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLabel:
    """A topic of a story, with the hit on which the topic is judged."""

    topic_id: str
    name: str
    hit_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The headline of a story: in the reader's language where a report has one, and where it leads to."""

    title: str
    language: str | None
    url: str | None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedReport:
    """A report with its place among those of its story, from 1 on in order of publication."""

    number: int
    report: EventReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSentence:
    """A sentence of a machine's summary, and the reports that it stands on."""

    text: str
    reports: tuple[NumberedReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A sentence that a report adds to those before it, and its outlet."""

    sentence: str
    outlet: str
    language: str | None


@dataclass(frozen=True, kw_only=True)
class DigestStory:
    """One story of a digest, with all its topics: its leading hit, and the other hits that the digest reports.

    `language` is the reader's. Facts, headline and reports are derived when they are first asked for: most stories of a
    long digest are only counted. `reported_at` is the slot of the last digest of the
    same name that reported it. Machines wrote `translation`, of a foreign headline, and `summary`.
    """

    lead: DigestHit
    others: tuple[DigestHit, ...] = ()
    labels: tuple[StoryLabel, ...] = ()
    status: StoryStatus = StoryStatus.NEW
    stored_facts: EventFacts | None = None
    language: str = "en"
    importance: Importance
    reported_at: datetime | None = None
    reported_in: int | None = None
    regrouping: Regrouping | None = None
    translation: Translation | None = None
    summary: tuple[SummarySentence, ...] = ()

    @cached_property
    def facts(self) -> EventFacts:
        """The facts of the whole story, earlier reports included; of one that is not stored those of its hits."""
        return self.stored_facts or build_facts((self.lead, *self.others), self.language)

    @property
    def id(self) -> int | None:
        """The story's number; None for an entry that belongs to none."""
        return self.lead.story_id

    @cached_property
    def headline(self) -> Headline:
        """What the story is headed with: a translation where there is one, else the headline of a report."""
        own = self.own_headline
        if self.translation is None:
            return own
        return Headline(title=self.translation.text, language=self.translation.language, url=own.url)

    @property
    def original(self) -> Headline | None:
        """The words beneath the headline: what was translated, or the lead's where another report heads the story."""
        own, lead = self.own_headline, self.lead
        if self.translation is not None:
            return own
        if own.title == lead.title:
            return None
        return Headline(title=lead.title, language=lead.language, url=lead.url, evidence=lead.evidence)

    @property
    def cited_summary(self) -> tuple[CitedSentence, ...]:
        """The summary with the reports of each sentence, by their numbers."""
        if not self.summary:
            return ()
        reports = {
            fact.report.entry_id: NumberedReport(number=number, report=fact.report)
            for number, fact in enumerate(self.facts.reports, 1)
        }
        return tuple(
            CitedSentence(text=sentence.text, reports=tuple(reports[id_] for id_ in sentence.entry_ids))
            for sentence in self.summary
            if all(id_ in reports for id_ in sentence.entry_ids)
        )

    @cached_property
    def own_headline(self) -> Headline:
        """The lead's headline, unless the lead is foreign and another report of the story is not."""
        lead, facts = self.lead, self.facts
        if facts.title_entry_id == lead.entry_id or _is_same_language(lead.language, facts.title_language):
            return Headline(title=lead.title, language=lead.language, url=lead.url, evidence=lead.evidence)
        reports = (fact.report for fact in facts.reports if fact.report.entry_id == facts.title_entry_id)
        titled = next(reports, facts.first)
        evidence = next((hit.evidence for hit in self.reports if hit.entry_id == titled.entry_id), ())
        return Headline(title=titled.title, language=titled.language, url=titled.url, evidence=evidence)

    @property
    def additions(self) -> tuple[Addition, ...]:
        """What the reports of the digest add to those before them: of a story that continues, what is new."""
        if self.stored_facts is None:
            return ()
        fresh = {hit.entry_id for hit in self.others} - {self.lead.entry_id}
        added = (
            Addition(sentence=fact.additions.sentences[0], outlet=fact.report.outlet, language=fact.report.language)
            for fact in self.facts.reports
            if fact.report.entry_id in fresh and fact.additions.sentences
        )
        return tuple(islice(added, MAX_ADDITIONS))

    @cached_property
    def reports(self) -> tuple[DigestHit, ...]:
        """Return one hit for each reported entry, the lead first."""
        by_entry: dict[int, DigestHit] = {}
        for hit in (self.lead, *self.others):
            by_entry.setdefault(hit.entry_id, hit)
        return tuple(by_entry.values())

    @property
    def outlets(self) -> tuple[str, ...]:
        """Name the outlets of the reported hits in order of discovery, each once."""
        return tuple(dict.fromkeys(hit.source for hit in (self.lead, *self.others)))

    @property
    def independent_outlets(self) -> int:
        """How many outlets have a report of their own."""
        if self.stored_facts is not None:
            return len(self.stored_facts.independent_outlets)
        return len({hit.source for hit in (self.lead, *self.others)})

    @property
    def report_count(self) -> int:
        """How many entries the digest reports of it."""
        return len({self.lead.entry_id, *[hit.entry_id for hit in self.others]})


def build_facts(hits: Sequence[DigestHit], language: str = "") -> EventFacts:
    """Return the facts of a story of which nothing but some hits is known: no copies, nothing that a report adds."""
    by_entry = {hit.entry_id: hit for hit in reversed(hits)}
    reports = sorted(map(to_report, by_entry.values()), key=lambda report: (report.reported_at, report.entry_id))
    titled = next((report for report in reports if _is_same_language(report.language, language)), reports[0])
    outlets = tuple(dict.fromkeys([report.outlet for report in reports]))
    return EventFacts(
        title=titled.title,
        title_language=titled.language,
        title_entry_id=titled.entry_id,
        reports=tuple([ReportFacts(report=report) for report in reports]),
        outlets=outlets,
        independent_outlets=outlets,
        languages=tuple(dict.fromkeys(filter(None, [report.language for report in reports]))),
        topics=tuple(dict.fromkeys([hit.topic_id for hit in hits])),
        first_at=reports[0].reported_at,
        last_at=reports[-1].reported_at,
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
        published_at=choose_plausible_time(hit.published_at, hit.first_seen_at),
        first_seen_at=hit.first_seen_at,
    )


def _is_same_language(language: str | None, other: str | None) -> bool:
    """Return whether two languages are one, regions apart: `en-GB` is `en`."""
    primary = get_primary_language(language)
    return bool(primary) and primary == get_primary_language(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTopic:
    """A topic with news in a digest: `more` of its stories did not fit. `since` is when its earliest hit matched."""

    id: str
    name: str
    more: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSection:
    """A topic with those stories of a digest that carry its label."""

    topic_id: str
    name: str
    stories: tuple[DigestStory, ...]
    more: int = 0
    since: datetime | None = None

"""Answers for assistants (Model Context Protocol): compact, with reports cited so that they can be fetched again.

Every answer names under `untrusted` the fields whose text others wrote, each with all below it: reports and publishers.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from watcher.contract.digests import Coverage
from watcher.contract.hits import LabelledHit
from watcher.contract.proposals import LabelledProposal
from watcher.contract.story_briefs import StoryBrief
from watcher.contract.topic_analysis import DraftedTopic
from watcher.contract.topics import Clause, Topic, TopicDetail
from watcher.contract.triage import Note


class Answer(TypedDict):
    """What every answer begins with: when it was asked, and which fields hold text that others wrote."""

    asked_at: str
    untrusted: list[str]


class Citation(TypedDict):
    """A stored report, by the number under which it can be read whole. `published_at` is what its feed says."""

    entry: int
    title: str
    publisher: str
    url: str | None
    published_at: str | None
    first_seen_at: str
    language: str | None


class Quote(TypedDict):
    """Words of a report that prove a match, the field they stand in, and the clause that they satisfy."""

    field: str
    text: str
    clause: str


class CitedEntry(Citation):
    """A report with the beginning of its summary; `story` is its story's number, `reports` how many that has."""

    summary: str
    quotes: list[Quote]
    story: NotRequired[int | None]
    reports: NotRequired[int]
    likeness: NotRequired[float]


class FoundEntries(Answer):
    """Reports that a search found. `searched_back_to` is set where it stopped early; `next_cursor` continues it."""

    entries: list[CitedEntry]
    next_cursor: str | None
    searched_back_to: str | None


class WholeEntry(Answer):
    """A report and a part of its text: from `text_from` on, `text_length` characters in all (code points)."""

    entry: CitedEntry
    author: str
    text: str
    text_from: int
    text_length: int
    versions: int


class CitedHit(TypedDict):
    """A report that belongs to a topic; `label` is what a person judged it to be."""

    id: int
    topic: str
    score: float
    matched_at: str
    found_by: Literal["words", "meaning"]
    relevance: float | None
    label: str | None
    entry: CitedEntry


class FoundHits(Answer):
    """Hits of topics, the newest first; `next_cursor` and `searched_back_to` as in a search."""

    hits: list[CitedHit]
    next_cursor: str | None
    searched_back_to: str | None


class OneHit(Answer):
    """A hit."""

    hit: CitedHit


class CitedReport(Citation):
    """A report of a story; `copy` repeats an earlier one, `is_new` came within the period that was asked for."""

    copy: bool
    is_new: bool


class CitedStory(TypedDict):
    """A story with its latest reports, the newest first; `reports` counts them all, `new_reports` those of the period.

    `independent` counts the outlets with a report that is no copy.
    """

    story: int
    title: str
    first_at: str
    last_at: str
    reports: int
    new_reports: int
    outlets: list[str]
    independent: int
    languages: list[str]
    topics: list[str]
    citations: list[CitedReport]


class FoundStories(Answer):
    """Stories with a report in the period, and how much was watched meanwhile: null where no beginning was named."""

    since: str | None
    until: str | None
    stories: list[CitedStory]
    next_cursor: str | None
    coverage: Coverage | None


class WholeStory(Answer):
    """One story: who reported what and when, who copied whom, what each report adds, and the coverage of its time."""

    story: StoryBrief


class TroubledFeed(TypedDict):
    """A feed that is not read as it should be, and why."""

    name: str
    url: str
    health: str
    failing_since: str | None
    fault: str | None
    gaps: int
    lost: int
    left_out: int


class CoverageReport(Answer):
    """What may have been missed in a period. `troubled` are the feeds whose silence proves nothing.

    `lag_seconds` is how long the most overdue feed has waited.
    """

    since: str
    until: str
    coverage: Coverage
    troubled: list[TroubledFeed]
    last_poll_at: str | None
    lag_seconds: int


class ExplainedEntry(Answer):
    """Why a report matches a topic or a query, clause by clause, or why not; `nearest` changes would let it match."""

    topic: str | None
    version: str
    hit: int | None
    matched: bool
    entry: CitedEntry
    clause: Clause
    nearest: list[str]


class KnownTopics(Answer):
    """The configured topics and what they found."""

    topics: list[Topic]


class OneTopic(Answer):
    """A topic with its query as written and as parsed."""

    topic: TopicDetail


class DraftedTopics(Answer):
    """Topics that a text suggests. Nothing is stored."""

    topics: list[DraftedTopic]


class LostEntry(CitedEntry):
    """A report that a changed query would not match any more; `hit` is its hit, `label` its judgement."""

    hit: int | None
    label: str | None


class TriedQuery(Answer):
    """What a query matches among the stored reports: `count` of `tested`; older ones than `searched_back_to` are not.

    Beside a topic: what the query would gain and lose. Nothing is changed by it.
    """

    topic: str | None
    tested: int
    count: int
    searched_back_to: str | None
    matches: list[CitedEntry]
    kept: int | None
    gained_count: int | None
    lost_count: int | None
    lost_relevant: int | None
    gained: list[CitedEntry]
    lost: list[LostEntry]


class CitedProposal(TypedDict):
    """A report that may belong to a topic by its meaning; `near_to` is what of the topic it resembles."""

    id: int
    topic: str
    score: float
    state: Literal["open", "accepted", "rejected", "superseded", "expired"]
    proposed_at: str
    near_to: list[str]
    entry: CitedEntry


class FoundProposals(Answer):
    """Proposals, the newest first."""

    proposals: list[CitedProposal]
    next_cursor: str | None
    searched_back_to: str | None


class OneProposal(Answer):
    """A proposal."""

    proposal: CitedProposal


class JudgedHit(Answer):
    """A hit's judgement from now on."""

    judged: LabelledHit


class JudgedProposal(Answer):
    """A proposal's judgement from now on, and the hit that it became."""

    judged: LabelledProposal


class FoundNotes(Answer):
    """Notes of people about items, the newest first."""

    notes: list[Note]


class ChangedNote(Answer):
    """A note as it is stored from now on."""

    note: Note


class MarkedItems(Answer):
    """The items that a call marked (`entry:12`); with a story its reports, without what was so before."""

    changed: list[str]

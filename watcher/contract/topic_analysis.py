"""What the analysis of topics finds: differences, replays, scores, near misses, costs and drafts."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from watcher.contract.configuration import Boxes
from watcher.contract.entries import Entry, Evidence
from watcher.contract.topics import Judgements


class GainedEntry(TypedDict):
    """An entry that the new query matches and the old one does not."""

    entry: Entry
    evidence: list[Evidence]


class LostEntry(GainedEntry):
    """An entry that only the old query matches; `hit` is its stored hit, `label` its judgement."""

    hit: int | None
    label: str | None


class MeaningMatch(TypedDict):
    """An entry and how well it fits a topic's sentences, 0 to 1; whether that is enough to propose it."""

    entry: Entry
    score: float
    proposed: bool


class ProposalDiff(TypedDict):
    """What changed sentences would propose that the former ones would not, and the reverse."""

    gained_count: int
    lost_count: int
    kept: int
    gained: list[MeaningMatch]
    lost: list[MeaningMatch]


class QueryDiff(TypedDict):
    """What a changed query gains and loses among the stored entries; `proposals` where sentences change."""

    topic: str
    tested: int
    kept: int
    gained_count: int
    lost_count: int
    lost_labels: Judgements
    gained: list[GainedEntry]
    lost: list[LostEntry]
    proposals: NotRequired[ProposalDiff]


class PreviewedStory(TypedDict):
    """A story that a query would give: its first report, all that the query finds of it, and who published them.

    `story` is a stored story that holds one of them; null where the story would be new.
    """

    story: int | None
    first: Entry
    entries: list[int]
    outlets: list[str]
    latest_at: str | None


class TopicPreview(TypedDict):
    """What a query would find among the stored entries, and what it gains and loses against a topic's, if one is named.

    `boxes` are the same query, null where boxes cannot show it. `stories` are those of the newest `grouped` of `count`
    entries. `searched_back_to` is set where time ran out: what is older is neither counted nor tested.
    """

    query: str
    boxes: Boxes | None
    tested: int
    count: int
    grouped: int
    stories: list[PreviewedStory]
    kept: int
    gained_count: int
    lost_count: int
    lost_labels: Judgements
    gained: list[GainedEntry]
    lost: list[LostEntry]
    searched_back_to: str | None


class ReplayedTopic(TypedDict):
    """A topic's hits of a replay: new ones, and those that were stored before."""

    new: int
    known: int


class Replay(TypedDict):
    """What applying today's topics to the stored entries found."""

    tested: int
    read: int
    new: int
    known: int
    resumed: bool
    topics: dict[str, ReplayedTopic]
    seconds: float


class MissedExample(TypedDict):
    """A labelled item that a topic did not match; `at` is its place in the labels file, or its hit."""

    at: str
    title: str


class FalseHit(MissedExample):
    """A labelled item that a topic matched wrongly."""

    evidence: list[Evidence]


class ModeScore(TypedDict):
    """How good a topic is by words, by meaning within the budget, or by both; intervals are at 95 %."""

    tp: int
    fp: int
    fn: int
    tn: int
    precision: float | None
    recall: float | None
    f1: float | None
    recall_interval: list[float] | None
    precision_interval: list[float] | None


class Modes(TypedDict):
    """Scores by what finds an item."""

    words: ModeScore
    meaning: ModeScore
    both: ModeScore


class Score(ModeScore):
    """How good a topic is on labelled items; intervals are at 95 %. Null where nothing can be measured.

    A topic with sentences also has its scores by meaning: `modes` by cross-validation, `by_sentences` without a label,
    `languages` for the items of each. `budget` is the share of `background` items that may be proposed.
    """

    version: str
    misses: list[MissedExample]
    false_hits: list[FalseHit]
    modes: NotRequired[Modes]
    by_sentences: NotRequired[Modes]
    languages: NotRequired[dict[str, Modes]]
    budget: NotRequired[float]
    background: NotRequired[int]


class Evaluation(TypedDict):
    """Scores by topic, how many items were measured, and which bounds were missed."""

    topics: dict[str, Score]
    items: int
    below: list[str]


class NearMiss(TypedDict):
    """An entry that nearly matches, and the single changes that would let it match."""

    entry: Entry
    evidence: list[Evidence]
    kind: str
    would_match: list[str]
    nearness: float


class Loosening(TypedDict):
    """A looser query and how many entries it would let in; `at_least` where counting stopped early."""

    kind: str
    change: str
    lets_in: int
    at_least: bool


class MissedHit(TypedDict):
    """A hit that was judged relevant and that the topic no longer matches."""

    hit: int
    entry: Entry
    label: str | None


class Sample(TypedDict):
    """A random sample of what a topic does not match; with `--relevant`, what reading it showed."""

    basis: str
    seed: int
    population: int
    matched: int
    sample: list[Entry]
    relevant: NotRequired[int]
    elusion: NotRequired[float | None]
    elusion_interval: NotRequired[list[float] | None]
    missed: NotRequired[int]
    missed_interval: NotRequired[list[int]]


class Probe(TypedDict):
    """What a topic may be missing; `elusion` is null where no sample was drawn.

    `by_meaning` is there for a topic with sentences where entries are read for meaning: those that fit best and that no
    word finds.
    """

    topic: str
    tested: int
    read: int
    near_count: int
    near: list[NearMiss]
    loosenings: list[Loosening]
    missed: list[MissedHit]
    elusion: Sample | None
    by_meaning: NotRequired[list[MeaningMatch]]


class ShareExample(TypedDict):
    """An entry that a clause matches."""

    entry: int
    title: str


class Share(TypedDict):
    """A clause with its hits, and those that no other clause matches."""

    clause: str
    hits: int
    alone: int
    relevant: int
    irrelevant: int
    last_at: str | None
    examples: list[ShareExample]


class LanguageCount(TypedDict):
    """A language's stored entries and hits."""

    language: str
    entries: int
    hits: int


class Cost(TypedDict):
    """What each clause, exclusion and word of a topic is worth; `dead` words match nothing."""

    topic: str
    tested: int
    hits: int
    labelled: Judgements
    clauses: list[Share]
    exclusions: list[Share]
    terms: list[Share]
    dead: list[str]
    languages: list[LanguageCount]


class DraftedTopic(TypedDict):
    """A topic proposed from an article; counts are null where the archive was not asked."""

    id: str
    name: str
    description: str
    query: str
    about: list[str]
    why: list[str]
    matched: int | None
    tested: int | None


class DraftedTopics(TypedDict):
    """The topics that an article suggests, those of most weight first, and the article's headline."""

    title: str
    topics: list[DraftedTopic]


class Draft(TypedDict):
    """What `watcher topics draft --json` prints."""

    source: str
    title: str
    language: str | None
    topics: list[DraftedTopic]

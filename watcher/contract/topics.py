"""Topics, clauses, and what a query matches."""

from __future__ import annotations

from typing_extensions import TypedDict

from watcher.contract.entries import Entry, Evidence


class Judgements(TypedDict):
    """How many hits people judged, by verdict."""

    relevant: int
    irrelevant: int


class Topic(TypedDict):
    """A topic and what it matched."""

    id: str
    name: str
    description: str
    tags: list[str]
    version: str
    hits: int
    hits_7d: int
    last_hit_at: str | None
    labelled: Judgements


class TopicList(TypedDict):
    """The configured topics."""

    topics: list[Topic]


class TopicVersion(TypedDict):
    """A query that a topic had, and since when."""

    version: str
    since: str
    query: str


class TopicHead(TypedDict):
    """What a topic has learned, with the vectors of `model`: items that score `threshold` or more are proposed."""

    version: str
    model: str
    threshold: float
    fitted_at: str


class TopicDetail(Topic):
    """A topic with its query as written and as parsed, the sets it uses, and its versions; `line` counts from 1.

    `about` to `not_examples` are the sentences and headlines it is described by, `proposals` the most that may be
    proposed in a day, null where meaning is off. `head` is null before anything was learned from them and from
    `judgements`.
    """

    query: str
    parsed: str
    about: list[str]
    not_about: list[str]
    examples: list[str]
    not_examples: list[str]
    proposals: int | None
    judgements: Judgements
    head: TopicHead | None
    sets: dict[str, str]
    file: str
    line: int
    versions: list[TopicVersion]


class Clause(TypedDict):
    """A part of a query and whether it holds; `omitted` counts the parts below it that make no difference."""

    text: str
    operator: str
    matched: bool
    excluded: bool
    note: str
    evidence: list[Evidence]
    children: list[Clause]
    omitted: int


class TestedEntry(TypedDict):
    """A stored entry that a query matches."""

    entry: Entry
    evidence: list[Evidence]


class TestedArchive(TypedDict):
    """What a query matches among the stored entries: the newest, how many in all, and how many were tested.

    `searched_back_to` is set where time ran out: what is older is neither counted nor tested.
    """

    matches: list[TestedEntry]
    count: int
    tested: int
    searched_back_to: str | None


class TestedText(TypedDict):
    """Whether a query matches a text; `nearest` are the single changes that would have let it match."""

    matched: bool
    evidence: list[Evidence]
    clauses: list[Clause]
    nearest: list[str]


class ExplainedHit(TypedDict):
    """The hit by which an entry was named."""

    id: int
    topic: str
    topic_version: str


class Explanation(TypedDict):
    """Why an entry matches a topic or not; `topic` is null for a query, `hit` where the entry was named directly."""

    topic: str | None
    version: str
    hit: ExplainedHit | None
    entry: Entry
    matched: bool
    evidence: list[Evidence]
    clause: Clause
    nearest: list[str]

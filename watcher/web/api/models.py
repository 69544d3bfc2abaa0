"""The shapes of the API's answers, for the OpenAPI document; tests hold what is sent against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Literal["relevant", "irrelevant"]


class Said(BaseModel):
    """An object of which nothing is left unsaid."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """A fault (RFC 9457). `line` and `column` point into a query; `errors` lists what was wrong in the request."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    line: int | None = None
    column: int | None = None
    suggestion: str | None = None
    errors: list[dict[str, str]] | None = None


class Evidence(Said):
    """Words that show a match: code points [start, end) of the field's text, and the clause they satisfy."""

    field: str
    start: int
    end: int
    text: str
    clause: str


class StoryRef(Said):
    id: int | None
    size: int


class Enclosure(Said):
    url: str
    type: str
    bytes: int | None


class Entry(Said):
    id: int
    title: str
    url: str | None
    source: str
    feed: str
    author: str
    tags: list[str]
    published_at: str | None
    first_seen_at: str
    updated_at: str | None
    version: int
    baseline: bool
    quarantined: bool
    summary: str
    language: str | None
    enclosures: list[Enclosure]


class Version(Said):
    version: int
    title: str
    summary: str
    content: str
    seen_at: str
    replaced_at: str


class WholeEntry(Entry):
    content: str
    versions: list[Version]


class Hit(Said):
    id: int
    topic: str
    score: float
    matched_at: str
    backfill: bool
    edited: bool
    baseline: bool
    label: Label | None
    topic_version: str
    story: StoryRef
    entry: Entry
    evidence: list[Evidence]


class Match(Said):
    entry: Entry
    evidence: list[Evidence]
    story: StoryRef


class Hits(Said):
    """`searched_back_to` is set where the search stopped early; `next_cursor` goes on from there."""

    hits: list[Hit]
    next_cursor: str | None
    searched_back_to: str | None


class Entries(Said):
    entries: list[Match]
    next_cursor: str | None
    searched_back_to: str | None


class Telling(BaseModel):
    entry: int
    title: str
    url: str | None
    source: str
    first_seen_at: str
    copy_: bool = Field(alias="copy")


class Story(BaseModel):
    id: int
    title: str
    first_at: str
    last_at: str
    size: int
    outlets: list[str]
    tellings: list[Telling]


class Stories(Said):
    stories: list[Story]
    next_cursor: str | None


class Topic(BaseModel):
    id: str
    name: str
    description: str
    tags: list[str]
    version: str
    hits: int
    hits_7d: int
    last_hit_at: str | None


class TopicVersion(Said):
    version: str
    since: str
    query: str


class WholeTopic(Topic):
    query: str
    parsed: str
    sets: dict[str, str]
    versions: list[TopicVersion]


class Topics(Said):
    topics: list[Topic]


class Clause(Said):
    """A part of a query and what became of it; `omitted` parts are not shown as they do not matter ctx."""

    text: str
    operator: str
    matched: bool
    excluded: bool
    note: str
    evidence: list[Evidence]
    children: list[Clause]
    omitted: int


class TestedEntry(Said):
    entry: Entry
    evidence: list[Evidence]


class Tested(Said):
    """What a query matches in the archive: the newest, how many in all, and how many entries were looked at.

    `searched_back_to` is set where it took too long to look at all: what came before is neither counted nor tested.
    """

    matches: list[TestedEntry]
    count: int
    tested: int
    searched_back_to: str | None


class TestedText(Said):
    """What a query makes of a text; `nearest` are the single changes that would have let it in."""

    matched: bool
    evidence: list[Evidence]
    clauses: list[Clause]
    nearest: list[str]


class Feed(BaseModel):
    url: str
    title: str
    tags: list[str]
    health: str
    polled_at: str | None
    next_poll_at: str | None
    failures: int
    gaps: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    entries: int


class Feeds(Said):
    feeds: list[Feed]


class Poll(BaseModel):
    at: str
    outcome: str
    status: int | None
    seen: int
    new: int
    updated: int
    hits: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    message: str


class WholeFeed(Feed):
    polls: list[Poll]


class Composed(BaseModel):
    id: int
    name: str
    title: str
    slot_at: str
    composed_at: str
    window: list[str]
    hits: int
    stories: int
    sent: bool
    coverage: dict[str, Any]


class Subscription(BaseModel):
    name: str
    schedule: str
    timezone: str
    topics: list[str]
    channels: list[str]
    last_at: str | None
    next_at: str | None


class Digests(BaseModel):
    """`digests` are those configured, `composed` those that were made, newest first."""

    digests: list[Subscription]
    composed: list[Composed]
    next_cursor: str | None


class Delivery(BaseModel):
    id: int
    digest: int
    channel: str
    kind: str
    recipient: str
    part: int
    state: str
    attempts: int
    created_at: str
    next_try_at: str
    sent_at: str | None
    message_id: str
    error: str | None


class Deliveries(Said):
    deliveries: list[Delivery]
    next_cursor: str | None


class Network(BaseModel):
    away_since: str | None


class Standing(BaseModel):
    feeds: dict[str, int]
    network: Network
    entries: int
    hits: int
    gaps: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    digests: list[Subscription]
    outbox: dict[str, int]
    version: str


class Labelled(Said):
    id: int
    label: Label | None


def _fault(said: str) -> dict[str, Any]:
    return {"description": said, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}


FAULTS: dict[int | str, dict[str, Any]] = {
    400: _fault("What was asked for makes no sense: a time that is no time, a query that cannot be read"),
    401: _fault("A login or token is needed"),
    403: _fault("The request comes from another site's page"),
    404: _fault("There is nothing of this name"),
    422: _fault("A parameter or the body is not what it should be"),
    503: _fault("The database cannot be reached, or the inflections of a query are still being looked up"),
}
TOO_LONG: dict[int | str, dict[str, Any]] = {413: _fault("The query takes too long on this text")}

"""The state of feeds, digests, messages, database and processes."""

from __future__ import annotations

from typing_extensions import TypedDict

from watcher.contract.configured_digests import ConfiguredDigest


class FeedCounts(TypedDict):
    """How many feeds are configured, by health."""

    total: int
    fresh: int
    new: int
    degraded: int
    stale: int
    failing: int
    gone: int
    paused: int


class BlockedChannel(TypedDict):
    """A channel whose other side refuses messages."""

    channel: str
    since: str
    reason: str


class Network(TypedDict):
    """Since when no process reaches any host; null while they do."""

    away_since: str | None


class Worker(TypedDict):
    """A process at work; its report expires at `until`."""

    name: str
    owner: str
    until: str
    away_since: str | None


class Meaning(TypedDict):
    """How far reading for meaning is: `backlog` entries are not read yet, `seconds` until they are (null: not known).

    `building` is a model that will replace `model` once its `building_backlog` is read. `fault` is why nothing is read
    at the moment, null while the encoder works.
    """

    model: str
    backlog: int
    seconds: int | None
    building: str | None
    building_backlog: int
    fault: str | None


class DatabaseState(TypedDict):
    """The database's address without its password, and its schema."""

    url: str
    revision: str | None


class Status(TypedDict):
    """The state of the watcher. `lag_seconds` is how long the most overdue feed has waited.

    `meaning` is null without an encoder, and before anything was read for its meaning.
    """

    feeds: FeedCounts
    entries: int
    hits: int
    gaps: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    lag_seconds: int
    last_poll_at: str | None
    clock: list[str]
    digests: list[ConfiguredDigest]
    outbox: dict[str, int]
    database: DatabaseState
    version: str
    channels_blocked: list[BlockedChannel]
    network: Network
    workers: list[Worker]
    meaning: Meaning | None


class PrintedStatus(Status):
    """What `watcher status --json` prints; `storage` says why nothing can be stored, null while it can."""

    storage: str | None

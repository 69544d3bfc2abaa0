"""A feed: what the configuration says of it and what polling has taught."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.model.access import Access


class FeedState(StrEnum):
    """Where a feed stands; `gone` and `paused` are not polled until a person says so."""

    ACTIVE = "active"
    BACKOFF = "backoff"
    BLOCKED = "blocked"
    GONE = "gone"
    PAUSED = "paused"


IDENTITY_VERSION = 2
"""The rules by which keys are made now; a database that was upgraded holds feeds with keys of rules before."""


class LegacyKeyRule(StrEnum):
    """How a feed's items got their keys under identity version 1. Read once, by the first poll after the upgrade."""

    GUID = "guid"
    LINK = "link"
    GUID_LINK = "guid+link"
    GUID_LINK_DATE = "guid+link+date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much of a feed is stored in a day (UTC) at most: new entries, and versions of entries that were edited."""

    entries: int = 5_000
    versions: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """A feed as `feeds.yaml` names it; `interval` and `budget` override what the watcher would
    choose.

    `url` is what the feed is known by: stored, shown and compared, it holds no secret. `address` is where it is fetched
    if that differs, `access` what its requests carry, `secrets` every value of the two that must not be shown: these
    come from the configuration and are never stored. `private` tells that there are such values.
    """

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    interval: timedelta | None = None
    enabled: bool = True
    fulltext: bool = False
    weight: float = 1.0
    private: bool = False
    address: str = field(default="", repr=False)
    access: Access = field(default_factory=Access, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def request_url(self) -> str:
        """Return the address that is fetched, secrets included."""
        return self.address or self.url

    budget: Budget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask "anything new?" with, verbatim, and the address it gave them for."""

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect that is being watched before it is believed."""

    url: str
    first_seen_at: datetime
    sightings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A source and the memory of polling it; every moment is aware UTC.

    `interval` is the current spacing of polls, `rhythm` the median gap between its publications, `failures` counts
    failed polls in a row since `failing_since`, `barren` counts successful polls in a row that brought nothing new.
    `document_keys` are the keys of the last document read (short hashes): the proof that no item slipped between two
    polls. `item_marks` are the marks of its items that are stored: an item that stands there as it stood is known
    unread. `conditional` is false once its server has shown that it cannot answer conditional requests. `gaps` and
    `lost` count proven gaps and the items estimated lost in them. `pushed_at` is when its `hub` last pushed news of
    `topic_url` to us, None unless pushes are known to work.

    `identity_version` says which rules made its keys: 1 before ids were compared character by character. `id_changes`
    counts polls in which unchanged items came under new ids. `merged` counts the items of the last document that were
    repetitions of others in it. `recovered` counts the items that an earlier version had merged into others, and that
    the first poll after the upgrade stored.

    `budget_entries` and `budget_versions` were stored on `budget_day`. `left_marks` are the marks of the last
    document's items that are not stored, beyond the budget or beyond what is read at once; `baseline_marks` those of
    them that the first document held already. `left_unmarked` counts items that nobody looked at. `left_out` counts all
    that was left out and is not stored yet: possibly missing.
    """

    id: int
    source: FeedConfig
    fetch_url: str
    title: str = ""
    language: str | None = None
    site_url: str | None = None
    state: FeedState = FeedState.ACTIVE
    validators: Validators = field(default_factory=Validators)
    conditional: bool = True
    body_hash: bytes | None = None
    key_rule: LegacyKeyRule = LegacyKeyRule.GUID
    next_poll_at: datetime
    interval: timedelta = timedelta(minutes=15)
    rhythm: timedelta | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    read_at: datetime | None = None
    new_at: datetime | None = None
    baseline_at: datetime | None = None
    barren: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    error_kind: str | None = None
    error: str | None = None
    move: Move | None = None
    document_keys: frozenset[str] = frozenset()
    item_marks: frozenset[bytes] = frozenset()
    gaps: int = 0
    lost: int = 0
    gap_at: datetime | None = None
    identity_version: int = IDENTITY_VERSION
    id_changes: int = 0
    merged: int = 0
    recovered: int = 0
    left_out: int = 0
    left_marks: frozenset[bytes] = frozenset()
    left_unmarked: int = 0
    baseline_marks: frozenset[bytes] = frozenset()
    budget_day: str | None = None
    budget_entries: int = 0
    budget_versions: int = 0
    hub: str | None = None
    topic_url: str | None = None
    pushed_at: datetime | None = None
    lease: int = 0

    @property
    def name(self) -> str:
        """Say what to call this feed: the configured title, else the feed's own, else its address."""
        return self.source.title or self.title or self.source.url

"""What a poll may come to: the closed union of outcomes, and what a server said about polling it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from watcher.model.entry import Entry, Item
from watcher.model.failure import FailureKind
from watcher.model.feed import IDENTITY_VERSION, Validators

__all__ = [
    "Document",
    "EntryDiff",
    "EntryEdit",
    "Failed",
    "FailureKind",
    "FetchResult",
    "Gap",
    "KnownEntry",
    "Modified",
    "NotModified",
    "ParsedFeed",
    "PollOutcome",
    "PollingHints",
    "PrunedEntry",
    "Redirect",
    "RememberedEntry",
    "Unchanged",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One redirect that was followed: the status and the address it led to."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingHints:
    """How often a server or a document asks to be polled; None where it does not say.

    `fresh_for` comes from Cache-Control or Expires; `ttl` and `update_every` from the document; `skip_hours` are hours
    of the day 0..23 in UTC, `skip_days` weekdays with Monday = 0.
    """

    fresh_for: timedelta | None = None
    ttl: timedelta | None = None
    update_every: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body that a server sent for a feed, decoded to bytes; `headers` have lower-case names.

    `conditional` is whether the server can answer a conditional request, None where none was made.
    """

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    body: bytes
    body_hash: bytes
    validators: Validators
    hops: tuple[Redirect, ...] = ()
    wire_bytes: int = 0
    elapsed: timedelta = timedelta()
    conditional: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says nothing changed (304, 204); `conditional` as in a Document."""

    url: str
    headers: dict[str, str]
    validators: Validators
    hops: tuple[Redirect, ...] = ()
    elapsed: timedelta = timedelta()
    conditional: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A failed poll; `retry_after` is what the server asked for, counted from the answer.

    `status` is None where no server answered. `seems` belongs to OFFLINE: what it is if our own network proves to be
    there.
    """

    kind: FailureKind
    message: str
    status: int | None = None
    seems: FailureKind | None = None
    retry_after: timedelta | None = None
    hops: tuple[Redirect, ...] = ()
    elapsed: timedelta = timedelta()


FetchResult: TypeAlias = Document | NotModified | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a document says: the feed's own facts and its items in document order.

    `degraded` is why the document was read loosely (not well-formed, cut, wrong encoding); `truncated_items` how
    many unknown items beyond the cap were left out, and `unread_marks` are the marks of those that were looked at;
    `parser` names the reader that was believed. `cut` says that the document's end is missing: asked again, it may hold
    more. `stopped` says why reading ended before the document did: the items read by then are kept, and the poll counts
    as failed.
    """

    items: tuple[Item, ...]
    title: str = ""
    site_url: str | None = None
    language: str | None = None
    hints: PollingHints = field(default_factory=PollingHints)
    hub: str | None = None
    topic_url: str | None = None
    degraded: str | None = None
    truncated_items: int = 0
    unread_marks: frozenset[bytes] = frozenset()
    parser: str = "feedparser"
    cut: bool = False
    stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """A changed document, read; `pushed` by a hub, so that it may hold no more than what is new, or asked for.

    `articles` holds the full text of new entries by their keys, where it was asked for; `note` is what went wrong.
    """

    document: Document
    parsed: ParsedFeed
    hints: PollingHints
    pushed: bool = False
    articles: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """Nothing new to read: `by` is `304` or `hash`; `conditional` as in a Document."""

    by: str
    validators: Validators
    hints: PollingHints = field(default_factory=PollingHints)
    hops: tuple[Redirect, ...] = ()
    elapsed: timedelta = timedelta()
    conditional: bool | None = None


PollOutcome: TypeAlias = Modified | Unchanged | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedEntry:
    """A stored entry of this feed, as much of it as identification needs.

    `raw_id` is its guid or, where it has none, its address, as last read.
    """

    id: int
    key: str
    canonical_url: str | None
    content_hash: bytes
    title: str
    published_at: datetime | None
    version: int = 1
    raw_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunedEntry:
    """An entry that was pruned while its feed still lists it: only its key and the hash of its text are known."""

    key: str
    content_hash: bytes


KnownEntry: TypeAlias = RememberedEntry | PrunedEntry
"""An entry that is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEdit:
    """An entry that is known and now says something else."""

    known: RememberedEntry
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Proof that items may have been lost: the new document shares no entry with the last one."""

    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDiff:
    """A document compared with the store: new, edited and known items, and what the document proves about the feed.

    `migrated` are entries that came back under another key (guid churn, host move) as (known id, new key): aliases, not
    news. `quarantined` are "new" entries that look like a re-numbered archive: kept and matched, never alerted.
    `merged` counts the items that repeat another one of the document in everything that a reader would see.
    `left_marks` and `left_unmarked` are what is not stored of the document; `left_out` counts what of it no poll of the
    day has counted before.

    `recovered` are entries that identity version 1 took for others, and `tombstone_keys` the former and new keys of
    pruned ones. `identity_version` and `id_changes` say what the feed's keys are now made by, and how much the document
    adds to the evidence that its ids change.
    """

    new: tuple[Entry, ...] = ()
    edited: tuple[EntryEdit, ...] = ()
    same: int = 0
    migrated: tuple[tuple[int, str], ...] = ()
    quarantined: tuple[Entry, ...] = ()
    recovered: tuple[Entry, ...] = ()
    tombstone_keys: tuple[tuple[str, str], ...] = ()
    document_keys: frozenset[str] = frozenset()
    item_marks: frozenset[bytes] = frozenset()
    gap: Gap | None = None
    merged: int = 0
    left_out: int = 0
    left_marks: frozenset[bytes] = frozenset()
    left_unmarked: int = 0
    identity_version: int = IDENTITY_VERSION
    id_changes: int = 0

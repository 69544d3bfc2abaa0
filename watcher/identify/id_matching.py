"""Finds the entries of a document that are known by their ids, each known entry for one item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from watcher.identify.keys import build_shared_key, build_specific_keys, get_raw_id, is_http_url
from watcher.identify.legacy_keys import canonicalize_legacy_url
from watcher.model.entry import Entry
from watcher.model.poll import KnownEntry, PrunedEntry, RememberedEntry
from watcher.text.tokenizer import tokens

_Rank: TypeAlias = tuple[int, int, bool, bool, int]
_Proposal: TypeAlias = tuple[_Rank, KnownEntry]
_PLAIN_KEY_DEPTH = 3
"""The plain key comes after the specific ones (`build_specific_keys`), of which the most specific has the depth 0."""
Token: TypeAlias = int | str
"""What names a known entry: its id, or the key of one that was pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntries:
    """What is known of a feed's entries, looked up for one document.

    `by_key` goes by every key asked for, those of `shared_key` included. `by_url` goes by canonical address and
    `by_title` by `title_key`; both name all entries that have it, the oldest first. `newest_published_at` and
    `entry_count` concern the feed's latest few hundred entries.
    """

    by_key: Mapping[str, KnownEntry] = field(default_factory=dict)
    by_url: Mapping[str, Sequence[RememberedEntry]] = field(default_factory=dict)
    by_title: Mapping[str, Sequence[RememberedEntry]] = field(default_factory=dict)
    newest_published_at: datetime | None = None
    entry_count: int = 0

    @property
    def pruned(self) -> tuple[str, ...]:
        """Name, by key, what is known and was taken away."""
        return tuple(key for key, known in self.by_key.items() if isinstance(known, PrunedEntry))


@dataclass(slots=True)
class EntryMatches:
    """Which known entry stands behind which item, by the item's place in the document.

    `recycled` are places whose id is known from another item, `twins` those that say what another item says.
    """

    known: dict[int, KnownEntry] = field(default_factory=dict)
    claimed: dict[Token, int] = field(default_factory=dict)
    recycled: set[int] = field(default_factory=set)
    twins: set[int] = field(default_factory=set)

    def claim(self, place: int, known: KnownEntry) -> bool:
        """Match a known entry with an item, unless one of the two is matched already; return whether it was."""
        if place in self.known or token_of(known) in self.claimed:
            return False
        self.known[place] = known
        self.claimed[token_of(known)] = place
        return True

    def is_open(self, place: int) -> bool:
        """Return whether an item may still turn out to be a known one."""
        return place not in self.known and place not in self.recycled and place not in self.twins

    def is_free(self, known: KnownEntry) -> bool:
        """Return whether a known entry stands behind no item yet."""
        return token_of(known) not in self.claimed


def match_by_id(offered: Sequence[Entry], memory: KnownEntries) -> EntryMatches:
    """Recognise entries by their raw ids.

    An id that stands on one item names that item, whatever it says now. An id that stands or has stood on several
    names each of them only together with its headline.
    """
    result = EntryMatches()
    counts = Counter(entry.key for entry in offered)
    proposals: list[_Proposal] = []
    for place, entry in enumerate(offered):
        plain = entry.key
        if counts[plain] > 1 or build_shared_key(plain) in memory.by_key:
            proposals.extend(_propose_for_shared_id(place, entry, memory))
            continue
        known = memory.by_key.get(plain)
        if known is None or not _has_id_of(known, entry):
            continue
        if _is_recycled(known, entry):
            result.recycled.add(place)
        else:
            proposals.append((_rank(_PLAIN_KEY_DEPTH, known, entry, place, plain), known))
    # The best proposals are served first; what repeats a known entry that another item has claimed is its twin.
    for rank, known in sorted(proposals, key=lambda proposal: proposal[0]):
        result.claim(rank[-1], known)
    for rank, known in proposals:
        place = rank[-1]
        if place not in result.known and _repeats(known, offered[place]):
            result.twins.add(place)
    return result


def _propose_for_shared_id(place: int, entry: Entry, memory: KnownEntries) -> Iterator[_Proposal]:
    """Yield what an item may be whose id several share: only with its headline does such an id name one of them."""
    for depth, key in enumerate(reversed(build_specific_keys(entry))):
        if (known := memory.by_key.get(key)) is not None:
            yield _rank(depth, known, entry, place, key), known
    known = memory.by_key.get(entry.key)
    if known is not None and _has_id_of(known, entry) and has_same_text(known, entry):
        yield _rank(_PLAIN_KEY_DEPTH, known, entry, place, entry.key), known


def token_of(known: KnownEntry) -> Token:
    """Return what names a known entry."""
    return known.key if isinstance(known, PrunedEntry) else known.id


def has_same_headline(known: KnownEntry, entry: Entry) -> bool:
    """Return whether two headlines are one, apart from case and spacing; that of a pruned entry is not known."""
    if isinstance(known, PrunedEntry):
        return False
    return _plain_words(known.title) == _plain_words(entry.item.title) != ""


def has_same_text(known: KnownEntry, entry: Entry) -> bool:
    """Return whether an item has the very headline of a known entry. Of a pruned one only its text's hash is kept."""
    if isinstance(known, PrunedEntry):
        return known.content_hash == entry.content_hash
    return known.title == entry.item.title


def has_same_date(known: KnownEntry, entry: Entry) -> bool:
    """Return whether both are dated, and alike."""
    published = entry.item.published_at
    if isinstance(known, PrunedEntry) or known.published_at is None or published is None:
        return False
    return abs((known.published_at - published).total_seconds()) < 120


def is_named_by(entry: Entry, known: KnownEntry) -> bool:
    """Return whether an id that stands on one item names the entry that was found under it, whatever the item says."""
    return _has_id_of(known, entry) and not _is_recycled(known, entry)


def _has_id_of(known: KnownEntry, entry: Entry) -> bool:
    """Return whether the entry that was found under an item's plain key has it by right: by the same raw id.

    Version 1 gave an entry the key of its canonical address, which may be another item's raw id.
    """
    if isinstance(known, PrunedEntry):
        return True
    raw, before = get_raw_id(entry.item), known.raw_id
    if before is None or before == raw or known.key != entry.key:
        return True
    return not (is_http_url(before) and canonicalize_legacy_url(before) == raw)


def _rank(depth: int, known: KnownEntry, entry: Entry, place: int, key: str) -> _Rank:
    """Order claims: by what agrees, then by the most particular key; a key of one's own before one once had.

    What stands as it stood was read as the known entry, and comes before what agrees with that entry now.
    """
    agreement = 3
    if entry.item.repeated:
        agreement = 0
    elif known.content_hash == entry.content_hash:
        agreement = 1 if _repeats(known, entry) else 2
    return agreement, depth, not has_same_text(known, entry), known.key != key, place


def _repeats(known: KnownEntry, entry: Entry) -> bool:
    """Return whether an item says nothing but what is known: headline, text, address and date."""
    if entry.item.repeated or known.content_hash != entry.content_hash:
        return False
    if isinstance(known, PrunedEntry):
        return True
    dated_alike = has_same_date(known, entry) or known.published_at == entry.item.published_at
    return known.canonical_url == entry.canonical_url and dated_alike


def _is_recycled(known: KnownEntry, entry: Entry) -> bool:
    """Return whether a known id stands on another item: another address, a later date, a headline without likeness."""
    published = entry.item.published_at
    if isinstance(known, PrunedEntry) or not known.canonical_url or not entry.canonical_url or published is None:
        return False
    if known.canonical_url == entry.canonical_url or known.published_at is None or published <= known.published_at:
        return False
    before, after = set(tokens(known.title)), set(tokens(entry.item.title))
    return 3 * len(before & after) < len(before | after)


def _plain_words(title: str) -> str:
    return " ".join(title.casefold().split())

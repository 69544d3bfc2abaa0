"""Gives items a key that holds, and tells what is new, edited, known, moved, or lost between two polls.

Identity has to survive what publishers do: guids that change, repeat, are used again or are missing; http to https; a
new host; tracking parameters. A key is a guid, else an address, else what the item says; how guids are trusted is kept
on the feed (KeyRule) and only ever gets more careful.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from watcher.model.entry import Entry, Item
from watcher.model.feed import Feed, KeyRule
from watcher.model.poll import Edit, Gap, Known, Parsed, Sorted
from watcher.text.canon import tokens
from watcher.text.urls import canonical_url

BURST = 8
"""So many "new" items, most of them older than what is known, look like an archive under new numbers."""
OLD_NEWS = timedelta(days=2)
UNRELIABLE = 0.05
"""Share of items with one guid, one address and several headlines from which both are trusted no more."""
MOST_VERSIONS = 25
"""An item that has been edited so often is only followed further where its headline changes."""
MOST_KEYS = 4_000
"""How many keys a feed may gather from documents that only add to the last one."""
AHEAD = timedelta(days=1)
"""A date further in the future than this is doubted: clocks and zones are wrong by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of a feed's entries, looked up for one document: `by_title` goes by `title_key`.

    `newest_published_at` and `entry_count` concern the feed's latest few hundred entries.
    """

    by_key: Mapping[str, Known] = field(default_factory=dict)
    by_url: Mapping[str, Known] = field(default_factory=dict)
    by_title: Mapping[str, Known] = field(default_factory=dict)
    newest_published_at: datetime | None = None
    entry_count: int = 0

    @property
    def pruned(self) -> tuple[str, ...]:
        """Name, by key, what is known and was taken away."""
        return tuple(key for key, known in self.by_key.items() if known.id == 0)


def candidates(parsed: Parsed, feed: Feed) -> tuple[Entry, ...]:
    """Give a document's items their keys, each key once, in the document's order."""
    urls = [canonical_url(item.url) if item.url else None for item in parsed.items]
    rule = _careful_rule(parsed.items, urls, feed.key_rule)
    source = feed.source.title or parsed.title or feed.name
    found: dict[str, Entry] = {}
    for item, url in zip(parsed.items, urls, strict=True):
        key = _key(item, url, rule)
        if key in found:
            continue
        found[key] = Entry(
            feed_id=feed.id,
            key=key,
            canonical_url=url,
            content_hash=b"" if item.repeated else _content_hash(item),
            item=item,
            source=source,
            feed_url=feed.source.url,
        )
    return tuple(found.values())


def sort(offered: Sequence[Entry], feed: Feed, memory: Memory, now: datetime, *, delta: bool = False) -> Sorted:
    """Tell a document's entries apart by what is known of the feed.

    A `delta` (226, RFC 3229) holds only what is new since the last answer: that it shares nothing with the last
    document proves no gap.

    An unknown key whose address or whose headline and date are known is the same entry under a new key; if most of what
    seems new is so, guids are given up for links. A known guid under another address, headline and later date is
    another item, and guids count with their links from then on. A burst of items older than what is known is put in
    quarantine. What is repeated as it stood is the same.
    """
    new: list[Entry] = []
    edited: list[Edit] = []
    migrated: list[tuple[int, str]] = []
    same = churned = 0
    rule = _careful_rule([entry.item for entry in offered], [entry.canonical_url for entry in offered], feed.key_rule)
    claimed = {known.id for entry in offered if (known := memory.by_key.get(entry.key)) is not None}
    for entry in offered:
        if entry.item.repeated:
            same += 1
            continue
        known = memory.by_key.get(entry.key)
        if known is not None and rule in _BY_GUID and _recycled(known, entry):
            rule = KeyRule.GUID_LINK if rule is KeyRule.GUID else rule
            new.append(replace(entry, key=_key(entry.item, entry.canonical_url, rule)))
            continue
        if known is None and (known := _moved(entry, memory, claimed)) is not None:
            migrated.append((known.id, entry.key))
            claimed.add(known.id)
            churned += known.canonical_url == entry.canonical_url
        if known is None:
            new.append(entry)
        elif _changed(known, entry):
            edited.append(Edit(known=known, entry=_plausible(entry, now)))
        else:
            same += 1
    if rule is KeyRule.GUID and churned >= 3 and churned >= len(new):
        rule = KeyRule.LINK
    new = [_plausible(entry, now) for entry in new]
    quarantined = _old_news(new, memory, now) if feed.baseline_at is not None else ()
    if quarantined:
        old = {entry.key for entry in quarantined}
        new = [entry for entry in new if entry.key not in old]
    keys = frozenset(short_key(entry.key) for entry in offered)
    whole = keys | feed.document_keys if delta and len(feed.document_keys) < MOST_KEYS else keys
    marks = _marks(offered, feed, memory) if rule is feed.key_rule else frozenset()
    recognised = bool(migrated or same or edited)
    return Sorted(
        new=tuple(new),
        edited=tuple(edited),
        same=same,
        migrated=tuple(migrated),
        quarantined=quarantined,
        key_rule=rule,
        document_keys=whole,
        item_marks=marks if whole is keys else marks | feed.item_marks,
        gap=None if recognised or delta else _gap(offered, feed, keys, new, now),
    )


def title_key(title: str) -> str:
    """Give a headline in the form in which two copies of it are one; short, for an index."""
    said = " ".join(tokens(title))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest() if said else ""


def short_key(key: str) -> str:
    """Give the short form of a key that a feed remembers of its last document."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


_BY_GUID = (KeyRule.GUID, KeyRule.GUID_LINK, KeyRule.GUID_LINK_DATE)


def _key(item: Item, url: str | None, rule: KeyRule) -> str:
    guid = item.guid or ""
    if guid and rule is KeyRule.GUID:
        return _guid_key(guid)
    if guid and rule is KeyRule.GUID_LINK:
        return _hashed("guid+link", guid, url or "")
    if guid and rule is KeyRule.GUID_LINK_DATE:
        return _hashed("guid+link+date", guid, url or "", item.published_raw or item.title)
    if url:
        return f"url:{url}" if len(url) < 400 else _hashed("url", url)
    if item.title and item.published_raw:
        return _hashed("title+date", item.title, item.published_raw)
    if guid:
        return _guid_key(guid)
    return _hashed("text", item.title, item.summary, item.content)


def _guid_key(guid: str) -> str:
    # A guid that is an address survives the move from http to https and a slash at its end.
    said = canonical_url(guid) if guid[:4].lower() == "http" else guid
    return f"guid:{said}" if len(said) < 400 else _hashed("guid", said)


def _hashed(kind: str, *parts: str) -> str:
    said = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{kind}#{hashlib.blake2b(said, digest_size=16).hexdigest()}"


def _content_hash(item: Item) -> bytes:
    """Hash what a reader would call the text; how it is spaced is no part of that."""
    said = "\x1f".join((item.title, item.summary, item.content)).replace(" ", "").replace("\n", "")
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _careful_rule(items: Sequence[Item], urls: Sequence[str | None], rule: KeyRule) -> KeyRule:
    """Degrade the rule while items that differ share a key under it; never back.

    Two addresses under one guid are two items: no item may be missed for another's sake. One address and one guid with
    two headlines are mostly an item and its correction, unless there are many.
    """
    if rule not in _BY_GUID:
        return rule
    said = [(item, url) for item, url in zip(items, urls, strict=True) if item.guid]
    if len({item.guid for item, _url in said}) == len(said):
        return rule
    for careful in _BY_GUID[_BY_GUID.index(rule) :]:
        places: dict[str, set[str | None]] = {}
        titles: dict[str, set[str]] = {}
        for item, url in said:
            key = _key(item, url, careful)
            places.setdefault(key, set()).add(url)
            titles.setdefault(key, set()).add(item.title)
        torn = any(len(different) > 1 for different in places.values())
        if not torn and sum(len(different) - 1 for different in titles.values()) <= UNRELIABLE * len(said):
            return careful
    return KeyRule.GUID_LINK_DATE


def _changed(known: Known, entry: Entry) -> bool:
    if known.id <= 0 or known.content_hash == entry.content_hash:
        return False
    return known.version < MOST_VERSIONS or known.title != entry.item.title


def _recycled(known: Known, entry: Entry) -> bool:
    """Tell whether a known guid stands on another item: another address, a later date, a headline without likeness."""
    published = entry.item.published_at
    if known.id <= 0 or not known.canonical_url or not entry.canonical_url or published is None:
        return False
    if known.canonical_url == entry.canonical_url or known.published_at is None or published <= known.published_at:
        return False
    before, after = set(tokens(known.title)), set(tokens(entry.item.title))
    return 3 * len(before & after) < len(before | after)


def _moved(entry: Entry, memory: Memory, claimed: set[int]) -> Known | None:
    """Find the known entry that this one is under another key: by its address, else by its headline and date."""
    item = entry.item
    if (
        entry.canonical_url
        and (known := memory.by_url.get(entry.canonical_url)) is not None
        and known.id not in claimed
    ):
        # A recycled address (a live blog's, a front page's) with another headline and a later date is another item.
        later = known.published_at and item.published_at and item.published_at > known.published_at
        if not (later and title_key(known.title) != title_key(item.title)):
            return known
    titled = memory.by_title.get(title_key(item.title)) if item.title else None
    if titled is None or titled.id in claimed:
        return None
    if titled.published_at is not None and item.published_at is not None:
        return titled if abs(titled.published_at - item.published_at) < timedelta(minutes=2) else None
    undated = titled.published_at is None and item.published_at is None
    return titled if undated and _place(titled.canonical_url) == _place(entry.canonical_url) else None


def _place(url: str | None) -> str:
    """Give what is left of an address when its site moves to another host."""
    return url.split("/", 3)[-1] if url else ""


def _marks(offered: Sequence[Entry], feed: Feed, memory: Memory) -> frozenset[bytes]:
    """Give the marks of what is stored now. What was pruned is looked up each time, so that its tombstone stays."""
    gone = frozenset(memory.pruned)
    told = [(entry.key, entry.item) for entry in offered if entry.item.mark]
    stored = [item.mark for key, item in told if key not in gone and not item.repeated]
    return frozenset(stored) | feed.item_marks.intersection(item.mark for _key, item in told)


def _plausible(entry: Entry, now: datetime) -> Entry:
    """Keep a date out of any ordering that lies in the future."""
    published = entry.item.published_at
    if published is None or published <= now + AHEAD:
        return entry
    return replace(entry, item=replace(entry.item, published_at=None, date_doubtful=True))


def _old_news(new: Sequence[Entry], memory: Memory, now: datetime) -> tuple[Entry, ...]:
    newest = memory.newest_published_at
    if newest is None or memory.entry_count < 3 or len(new) < BURST:
        return ()
    horizon = min(newest, now - OLD_NEWS)
    old = tuple(entry for entry in new if entry.item.published_at is not None and entry.item.published_at < horizon)
    return old if len(old) >= BURST and 2 * len(old) >= len(new) else ()


def _gap(offered: Sequence[Entry], feed: Feed, keys: frozenset[str], new: Sequence[Entry], now: datetime) -> Gap | None:
    """Prove a gap: the last document is known, and nothing of it, and nothing known at all, is in this one.

    The estimate of what was lost: the time between the last look and the oldest shown item, at the rate at which the
    shown ones came; at least one, at most what could have passed through since that look.
    """
    if not feed.document_keys or not offered or keys & feed.document_keys or not new:
        return None
    dates = sorted(entry.item.published_at for entry in new if entry.item.published_at is not None)
    since = feed.succeeded_at or feed.read_at
    if len(dates) < 2 or since is None:
        return Gap(lost=1)
    steps = [later - earlier for earlier, later in pairwise(dates)]
    step = max(timedelta(seconds=median(step.total_seconds() for step in steps)), timedelta(seconds=1))
    unseen = dates[0] - since
    if unseen <= timedelta():
        return Gap(lost=1)
    return Gap(lost=max(1, min(round(unseen / step), 5 * len(offered), round((now - since) / step) + 1)))

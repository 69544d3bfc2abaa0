"""Gives items a key that holds, and tells what is new, edited, known, moved, or lost between two polls.

Identity has to survive what publishers do: guids that change, repeat or are missing; http to https; a new host;
tracking parameters. A key is a guid, else an address, else what the item says (Entry.key); how guids are trusted is kept on the
feed (KeyRule) and only ever gets more careful.
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
"""Share of repeated guids in one document from which they are trusted no more."""


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


def candidates(parsed: Parsed, feed: Feed) -> tuple[Entry, ...]:
    """Give a document's items their keys, each key once, in the document's order."""
    rule = _careful_rule(parsed.items, feed.key_rule)
    found: dict[str, Entry] = {}
    for item in parsed.items:
        item = item if item.language else replace(item, language=feed.source.language or parsed.language)
        url = canonical_url(item.url) if item.url else None
        key = _key(item, url, rule)
        if key not in found:
            found[key] = Entry(
                feed_id=feed.id,
                key=key,
                canonical_url=url,
                content_hash=_content_hash(item),
                item=item,
                source=feed.source.title or parsed.title or feed.name,
                feed_url=feed.source.url,
            )
    return tuple(found.values())


def sort(offered: Sequence[Entry], feed: Feed, memory: Memory, now: datetime) -> Sorted:
    """Tell a document's entries apart by what is known of the feed.

    An unknown key whose address or whose headline and date are known is the same entry under a new key; if most of what
    seems new is so, guids are given up for links. A burst of items older than what is known is put in quarantine.
    """
    new: list[Entry] = []
    edited: list[Edit] = []
    migrated: list[tuple[int, str]] = []
    same = 0
    claimed = {known.id for entry in offered if (known := memory.by_key.get(entry.key)) is not None}
    for entry in offered:
        known = memory.by_key.get(entry.key)
        if known is None:
            known = _moved(entry, memory, claimed)
            if known is not None:
                migrated.append((known.id, entry.key))
                claimed.add(known.id)
        if known is None:
            new.append(entry)
        elif known.content_hash == entry.content_hash or known.id <= 0:
            same += 1
        else:
            edited.append(Edit(known=known, entry=entry))
    rule = _careful_rule([entry.item for entry in offered], feed.key_rule)
    if rule is KeyRule.GUID and len(migrated) >= 3 and len(migrated) >= len(new):
        rule = KeyRule.LINK
    quarantined = _old_news(new, memory, now) if feed.baseline_at is not None else ()
    if quarantined:
        new = [entry for entry in new if entry not in quarantined]
    keys = frozenset(short_key(entry.key) for entry in offered)
    return Sorted(
        new=tuple(new),
        edited=tuple(edited),
        same=same,
        migrated=tuple(migrated),
        quarantined=quarantined,
        key_rule=rule,
        document_keys=keys,
        gap=_gap(offered, feed, keys, new, bool(migrated) or bool(same) or bool(edited), now),
    )


def title_key(title: str) -> str:
    """Give a headline in the form in which two copies of it are one; short, for an index."""
    said = " ".join(tokens(title))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest() if said else ""


def short_key(key: str) -> str:
    """Give the short form of a key that a feed remembers of its last document."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _key(item: Item, url: str | None, rule: KeyRule) -> str:
    guid = (item.guid or "").strip()
    match rule:
        case KeyRule.GUID if guid:
            return _guid_key(guid)
        case KeyRule.GUID_LINK if guid:
            return _hashed("guid+link", guid, url or "")
        case KeyRule.GUID_LINK_DATE if guid:
            return _hashed("guid+link+date", guid, url or "", item.published_raw)
        case _:
            pass
    if url:
        return f"url:{url}" if len(url) < 400 else _hashed("url", url)
    if guid:
        return _guid_key(guid)
    if item.title and item.published_raw:
        return _hashed("title+date", item.title, item.published_raw)
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
    said = "\x1f".join("".join(text.split()) for text in (item.title, item.summary, item.content))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _careful_rule(items: Sequence[Item], rule: KeyRule) -> KeyRule:
    """Degrade the rule while items that differ share a key under it; never back."""
    order = (KeyRule.GUID, KeyRule.GUID_LINK, KeyRule.GUID_LINK_DATE)
    if rule not in order:
        return rule
    said = [item for item in items if (item.guid or "").strip()]
    for careful in order[order.index(rule) :]:
        texts: dict[str, set[tuple[str, str]]] = {}
        for item in said:
            url = canonical_url(item.url) if item.url else ""
            texts.setdefault(_key(item, url, careful), set()).add((url, item.title))
        repeated = sum(len(different) - 1 for different in texts.values())
        if repeated <= UNRELIABLE * len(said):
            return careful
    return KeyRule.GUID_LINK_DATE


def _moved(entry: Entry, memory: Memory, claimed: set[int]) -> Known | None:
    """Find the known entry that this one is under another key: by its address, else by its headline and date."""
    if (
        entry.canonical_url
        and (known := memory.by_url.get(entry.canonical_url)) is not None
        and known.id not in claimed
    ):
        # A recycled address (a live blog's, a front page's) with another headline and a later date is another item.
        later = known.published_at and entry.item.published_at and entry.item.published_at > known.published_at
        if not (later and title_key(known.title) != title_key(entry.item.title)):
            return known
    titled = memory.by_title.get(title_key(entry.item.title)) if entry.item.title else None
    if titled is None or titled.id in claimed or titled.published_at is None or entry.item.published_at is None:
        return None
    return titled if abs(titled.published_at - entry.item.published_at) < timedelta(minutes=2) else None


def _old_news(new: Sequence[Entry], memory: Memory, now: datetime) -> tuple[Entry, ...]:
    newest = memory.newest_published_at
    if newest is None or memory.entry_count < 3 or len(new) < BURST:
        return ()
    horizon = min(newest, now - OLD_NEWS)
    old = tuple(entry for entry in new if entry.item.published_at is not None and entry.item.published_at < horizon)
    return old if len(old) >= BURST and 2 * len(old) >= len(new) else ()


def _gap(
    offered: Sequence[Entry], feed: Feed, keys: frozenset[str], new: Sequence[Entry], recognised: bool, now: datetime
) -> Gap | None:
    """Prove a gap: the last document is known, and nothing of it, and nothing known at all, is in this one.

    The estimate of what was lost: the time between the newest known and the oldest shown item, at the rate at which the
    shown ones came; at least one, at most what could have passed through since the last reading.
    """
    if not feed.document_keys or not offered or recognised or keys & feed.document_keys or not new:
        return None
    dates = sorted(entry.item.published_at for entry in new if entry.item.published_at is not None)
    since = feed.read_at or feed.polled_at
    if len(dates) < 2 or since is None:
        return Gap(lost=1)
    steps = [later - earlier for earlier, later in pairwise(dates)]
    step = max(timedelta(seconds=median(step.total_seconds() for step in steps)), timedelta(seconds=1))
    silent = dates[0] - since
    if silent <= timedelta():
        return Gap(lost=1)
    return Gap(lost=max(1, min(round(silent / step), 5 * len(offered), round((now - since) / step) + 1)))

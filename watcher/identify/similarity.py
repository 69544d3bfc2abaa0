"""Finds known entries under ids that they did not have: by what else an item has in common with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from urllib.parse import urlsplit

from watcher.identify.id_matching import EntryMatches, KnownEntries, has_same_date, has_same_headline
from watcher.identify.keys import build_shared_key, get_raw_id, hash_title, is_http_url
from watcher.model.entry import Entry
from watcher.model.feed import Feed, LegacyKeyRule, PollableFeed
from watcher.model.poll import RememberedEntry
from watcher.text.urls import canonical_url

MIN_ID_CHANGES = 2
"""In so many polls unchanged items came under new ids; from then on headline and address name an item of the feed."""
MIN_MASS_CHANGE = 3
"""So many items, and most of the document, that come under new ids at once are known ones."""
_COUNTER = re.compile(r"[^#]*#\d{1,3}")


class MatchReason(IntEnum):
    """What makes an item with an unknown id a known one, the strongest first."""

    SAME_RAW_ID = 0  # known under a key of version 1
    SAME_ADDRESS_AS_ID = 1
    IDENTICAL = 2
    LEARNED = 3
    MASS_CHANGE = 4


def match_by_similarity(
    offered: Sequence[Entry], feed: Feed, memory: KnownEntries, recognised: EntryMatches
) -> tuple[dict[int, MatchReason], bool]:
    """Recognise entries under new ids, and return why, by place, and whether this proves that the feed changes ids.

    A known entry is only considered while it does not stand in the document under an id of its own.
    """
    alike = {
        place: similar
        for place, entry in enumerate(offered)
        if recognised.is_open(place) and not entry.item.repeated and (similar := _alike(entry, memory, recognised))
    }
    if not alike:
        return {}, False
    agreeing = _filter_agreeing(offered, alike)
    proves = _proves_change(offered, agreeing, recognised)
    reasons = {
        place: reason
        for reason, _edited, place, number in _sort_claims(_Judge(offered, feed, memory), offered, alike)
        if recognised.claim(place, alike[place][number])
    }
    # Where most of a document comes under new ids, less is asked of each: what is alike is the known one.
    if not _is_mass_change(agreeing, len(offered)):
        return reasons, proves
    for place, similar in alike.items():
        best = _best_first(offered[place], similar, agreeing.get(place, ()))
        if any(recognised.claim(place, known) for known in best):
            reasons[place] = MatchReason.MASS_CHANGE
    return reasons, True


def has_unstable_ids(feed: PollableFeed) -> bool:
    """Return whether a feed has been seen to change the ids of unchanged items. Version 1 noted that in its rule."""
    return feed.document.id_changes >= MIN_ID_CHANGES or feed.document.legacy_key_rule is LegacyKeyRule.LINK


class _Judge:
    """Judges whether an item with an unknown id is a known one, within one document."""

    def __init__(self, offered: Sequence[Entry], feed: Feed, memory: KnownEntries) -> None:
        self._memory = memory
        self._learned = has_unstable_ids(feed)
        self._ids = Counter(entry.key for entry in offered)
        self._bases = Counter(base for entry in offered if (base := _id_address(get_raw_id(entry.item))) is not None)

    def find_reason(self, known: RememberedEntry, entry: Entry) -> MatchReason | None:
        """Return what makes two ids those of one item, the strongest reason, None where nothing does."""
        headline = has_same_headline(known, entry)
        raw = get_raw_id(entry.item)
        if raw is not None and raw == known.raw_id and (headline or not self._shares_id(entry)):
            return MatchReason.SAME_RAW_ID
        if self._has_same_address_as_id(known, entry, headline):
            return MatchReason.SAME_ADDRESS_AS_ID
        if not _same_place(known, entry):
            return None
        same_date = has_same_date(known, entry)
        if known.content_hash == entry.content_hash and same_date:
            return MatchReason.IDENTICAL
        # In a feed that was seen to change its ids, headline and address name an item.
        dates_differ = known.published_at is not None and entry.item.published_at is not None and not same_date
        return MatchReason.LEARNED if self._learned and headline and not dates_differ else None

    def _shares_id(self, entry: Entry) -> bool:
        return self._ids[entry.key] > 1 or build_shared_key(entry.key) in self._memory.by_key

    def _has_same_address_as_id(self, known: RememberedEntry, entry: Entry, headline: bool) -> bool:
        """Return whether two ids are one address, and the items agree otherwise: in their `headline`, or as states."""
        raw = get_raw_id(entry.item)
        address = _id_address(raw)
        if address is None or address != _id_address(known.raw_id):
            return False
        # The BBC counts revisions as `#0`, `#1`.
        if _COUNTER.fullmatch(raw or "") and _COUNTER.fullmatch(known.raw_id or ""):
            return self._is_revision(known, entry, address)
        return headline

    def _is_revision(self, known: RememberedEntry, entry: Entry, address: str) -> bool:
        """Return whether `url#1` is a later state of `url#0`, as with the BBC, and not the second comment on a page."""
        held = self._memory.by_url.get(entry.canonical_url, ()) if entry.canonical_url else ()
        if self._bases[address] > 1 or len(held) > 1:
            return False
        if has_same_date(known, entry):
            return True
        undated = known.published_at is None and entry.item.published_at is None
        return has_same_headline(known, entry) and (undated or "#" not in (entry.item.url or ""))


def _sort_claims(
    judge: _Judge, offered: Sequence[Entry], alike: Mapping[int, Sequence[RememberedEntry]]
) -> list[tuple[MatchReason, bool, int, int]]:
    """Return which items may be which known entries: reason, whether edited, place, and number among those alike."""
    # Claims are served strongest reason first; an unchanged text comes before an edited one.
    return sorted(
        (reason, known.content_hash != offered[place].content_hash, place, number)
        for place, similar in alike.items()
        for number, known in enumerate(similar)
        if (reason := judge.find_reason(known, offered[place])) is not None
    )


def _alike(entry: Entry, memory: KnownEntries, recognised: EntryMatches) -> list[RememberedEntry]:
    by_url = memory.by_url.get(entry.canonical_url, ()) if entry.canonical_url else ()
    by_title = memory.by_title.get(hash_title(entry.item.title), ()) if memory.by_title else ()
    former = memory.by_key.get(entry.former_key) if entry.former_key else None
    remembered = [former] if isinstance(former, RememberedEntry) else []
    candidates = {known.id: known for known in (*by_url, *by_title, *remembered)}
    return [known for known in candidates.values() if recognised.is_free(known)]


def _filter_agreeing(
    offered: Sequence[Entry], alike: Mapping[int, Sequence[RememberedEntry]]
) -> Mapping[int, Sequence[RememberedEntry]]:
    agreeing = {
        place: [known for known in similar if _agrees(known, offered[place])] for place, similar in alike.items()
    }
    return {place: agreed for place, agreed in agreeing.items() if agreed}


def _proves_change(
    offered: Sequence[Entry], agreeing: Mapping[int, Sequence[RememberedEntry]], recognised: EntryMatches
) -> bool:
    """Return whether an unchanged item came under a new id: same headline, address and date.

    Its text distinguishes an unchanged item from a successor; where no id of the document is known, all of them
    changed.
    """
    none_known = not recognised.known and not any(entry.item.repeated for entry in offered)
    return any(
        has_same_date(known, offered[place])
        and _same_place(known, offered[place])
        and (none_known or known.content_hash == offered[place].content_hash)
        for place, some in agreeing.items()
        for known in some
    )


def _best_first(
    entry: Entry, alike: Sequence[RememberedEntry], agreeing: Sequence[RememberedEntry]
) -> list[RememberedEntry]:
    """Return the known entries that an item may be, when most of a document comes under new ids."""
    possible = [known for known in alike if known in agreeing or _same_id_and_date(known, entry)]
    return sorted(
        possible,
        key=lambda known: (not _same_place(known, entry), known.content_hash != entry.content_hash, known.id),
    )


def _agrees(known: RememberedEntry, entry: Entry) -> bool:
    """Return whether headline and date agree; without dates, whether the place on its site does in place of them."""
    if not has_same_headline(known, entry):
        return False
    if known.published_at is None and entry.item.published_at is None:
        return _path(known.canonical_url) == _path(entry.canonical_url)
    return has_same_date(known, entry)


def _same_id_and_date(known: RememberedEntry, entry: Entry) -> bool:
    address = _id_address(get_raw_id(entry.item))
    return address is not None and address == _id_address(known.raw_id) and has_same_date(known, entry)


def _is_mass_change(agreeing: Mapping[int, Sequence[RememberedEntry]], size: int) -> bool:
    """Return whether most of a document are known items under new ids; each known entry counts for one of them."""
    counted: set[int] = set()
    for some in agreeing.values():
        fresh = next((known.id for known in some if known.id not in counted), None)
        if fresh is not None:
            counted.add(fresh)
    return len(counted) >= MIN_MASS_CHANGE and 2 * len(counted) > size


def _same_place(known: RememberedEntry, entry: Entry) -> bool:
    return _bare(known.canonical_url) == _bare(entry.canonical_url) is not None


def _id_address(raw: str | None) -> str | None:
    return _bare(canonical_url(raw)) if raw is not None and is_http_url(raw) else None


def _bare(url: str | None) -> str | None:
    """Return a canonical address without the `www.` that a site may gain or lose."""
    return url.replace("://www.", "://", 1) if url else None


def _path(url: str | None) -> str:
    """Return what is left of an address when its site moves to another host."""
    if not url:
        return ""
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "") + ("#" + parts.fragment if parts.fragment else "")

"""The rules of identity version 1, by which a database that was upgraded holds its entries. Read once for each feed.

They made keys of canonical addresses without fragments, so that items of one document became one entry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote, urlunsplit

from watcher.identify.keys import MAX_KEY_LENGTH, hash_parts
from watcher.model.entry import Item
from watcher.model.feed import LegacyKeyRule
from watcher.text.urls import unwrap_address

_BY_GUID = (LegacyKeyRule.GUID, LegacyKeyRule.GUID_LINK, LegacyKeyRule.GUID_LINK_DATE)
_SAFE = "/:@!$&'()*+,;=-._~%"
_TRACKERS = re.compile(
    r"(?i)^(?:utm_.*|mtm_.*|itm_.*|at_.*|ns_.*|pk_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|mc_cid|mc_eid|"
    r"_hsenc|_hsmi|mkt_tok|srsltid|smid|cmp|cmpid|traffic_source|icid|xtor|ocid|guccounter|oc|ved|igshid|_ga)$"
)
_UNRELIABLE = 0.05
"""Share of items with one guid, one address and several headlines from which both were trusted no more."""


def build_legacy_keys(items: Sequence[Item], rule: LegacyKeyRule) -> list[str]:
    """Return the keys that version 1 gave to a document's items, in a feed that had come to a rule."""
    urls = [canonicalize_legacy_url(item.url) if item.url else None for item in items]
    rule = _careful_rule(items, urls, rule)
    return [_key(item, url, rule) for item, url in zip(items, urls, strict=True)]


def canonicalize_legacy_url(url: str) -> str:
    """Return a canonical address as version 1 made it: with no fragment but `#!`, and few trackers known."""
    url, where, parts = unwrap_address(url)
    if parts is None:
        return url
    kept = [pair for pair in parts.query.split("&") if pair and not _TRACKERS.match(unquote(pair.split("=", 1)[0]))]
    path = quote(parts.path, safe=_SAFE).rstrip("/") or "/"
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return urlunsplit(("https", where, path, quote("&".join(kept), safe=_SAFE + "?"), fragment))


def _key(item: Item, url: str | None, rule: LegacyKeyRule) -> str:
    """Return a key as version 1 made it: by the feed's rule where there is a guid, else by what else the item has."""
    by_rule = _key_by_rule(item.guid, item, url, rule) if item.guid else None
    if by_rule is not None:
        return by_rule
    if url:
        return f"url:{url}" if len(url) < MAX_KEY_LENGTH else hash_parts("url", url)
    if item.title and item.published_raw:
        return hash_parts("title+date", item.title, item.published_raw)
    if item.guid:
        return _guid_key(item.guid)
    return hash_parts("text", item.title, item.summary, item.content)


def _key_by_rule(guid: str, item: Item, url: str | None, rule: LegacyKeyRule) -> str | None:
    match rule:
        case LegacyKeyRule.GUID:
            return _guid_key(guid)
        case LegacyKeyRule.GUID_LINK:
            return hash_parts("guid+link", guid, url or "")
        case LegacyKeyRule.GUID_LINK_DATE:
            return hash_parts("guid+link+date", guid, url or "", item.published_raw or item.title)
        case _:
            return None


def _guid_key(guid: str) -> str:
    canonical = canonicalize_legacy_url(guid) if guid[:4].lower() == "http" else guid
    return f"guid:{canonical}" if len(canonical) < MAX_KEY_LENGTH else hash_parts("guid", canonical)


def _careful_rule(items: Sequence[Item], urls: Sequence[str | None], rule: LegacyKeyRule) -> LegacyKeyRule:
    """Return the rule that version 1 came to with a document: more careful while items that differ shared a key."""
    # From the feed's rule on, the first one under which no key has two addresses and few have two headlines.
    if rule not in _BY_GUID:
        return rule
    named = [(item, url) for item, url in zip(items, urls, strict=True) if item.guid]
    if len({item.guid for item, _url in named}) == len(named):
        return rule
    for careful in _BY_GUID[_BY_GUID.index(rule) :]:
        places: dict[str, set[str | None]] = {}
        titles: dict[str, set[str]] = {}
        for item, url in named:
            key = _key(item, url, careful)
            places.setdefault(key, set()).add(url)
            titles.setdefault(key, set()).add(item.title)
        torn = any(len(different) > 1 for different in places.values())
        if not torn and sum(len(different) - 1 for different in titles.values()) <= _UNRELIABLE * len(named):
            return careful
    return LegacyKeyRule.GUID_LINK_DATE

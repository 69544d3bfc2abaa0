"""Links of feeds and items: Atom's by their relations, media files, addresses as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from lxml import etree

from watcher.model.entry import Enclosure
from watcher.parse.elements import get_base_url
from watcher.parse.limits import MAX_ENCLOSURES
from watcher.parse.namespaces import get_attribute
from watcher.text.urls import http_url

Offered: TypeAlias = tuple[str, str, str]
"""A media file as it is written: address, type and length."""

_MAX_ENCLOSURE_URL_LENGTH = 2_000
_SCHEMES = ("https://", "http://")
_REGISTRY = re.compile(r"https?://www\.iana\.org/assignments/(?:link-)?relations?/", re.IGNORECASE)


def is_web_address(text: str) -> bool:
    """Return whether a text is an absolute http(s) address."""
    return text.startswith(_SCHEMES) or text[:8].lower().startswith(_SCHEMES)


def leads_to_page(link: str) -> bool:
    """Return whether a link can lead to a page, whole or relative; `javascript:` and `mailto:` lead to none."""
    return link.startswith(("http", "/")) or http_url(unescape_address(link), "http://base.invalid/") is not None


def get_relation(link: etree._Element) -> str:
    """Return the relation of an Atom link, `alternate` where none is named.

    A name of IANA's registry may be written as its address (RFC 4287, 4.2.7.2).
    """
    relation = get_attribute(link, "rel").strip()
    return (_REGISTRY.sub("", relation) if ":" in relation else relation).lower() or "alternate"


def find_link(links: Iterable[etree._Element], relation: str, base: str) -> str | None:
    """Return the address of the Atom link with a relation, an HTML one where there are several.

    Some write the address as the element's text, as RSS does.
    """
    candidates = [(link, target) for link in links if get_relation(link) == relation and (target := get_target(link))]
    if not candidates:
        return None
    link, target = candidates[0]
    if len(candidates) > 1:
        # Blogger offers an entry as JSON beside its page; a link without a type is a page.
        pages = (
            candidate for candidate in candidates if "html" in (get_attribute(candidate[0], "type") or "text/html")
        )
        link, target = next(pages, candidates[0])
    return http_url(unescape_address(target), base if is_web_address(target) else get_base_url(link, base))


def get_target(link: etree._Element) -> str:
    """Return where a link leads, as it is written."""
    return get_attribute(link, "href").strip() or (link.text or "").strip()


def unescape_address(written: str) -> str:
    """Return an address without an escape of its ampersands that was made once too often."""
    return written.replace("&amp;", "&") if "&amp;" in written else written


def make_enclosures(offered: Iterable[Offered], base: str) -> tuple[Enclosure, ...]:
    """Return the media of an item from addresses, types and lengths as they are written, each address once."""
    enclosures: dict[str, Enclosure] = {}
    for written, kind, length in offered:
        # No address, one that no player takes, or one that is listed twice (enclosure and media:content).
        url = http_url(unescape_address(written.strip()), base or None) if written.strip() else None
        if url is None or len(url) > _MAX_ENCLOSURE_URL_LENGTH or url in enclosures:
            continue
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
        enclosures[url] = Enclosure(url=url, type=" ".join(kind.split())[:100], bytes=size or None)
        if len(enclosures) == MAX_ENCLOSURES:
            break
    return tuple(enclosures.values())


def offer_medium(element: etree._Element, url: str, length: str) -> Offered:
    """Return the media file that an element names; `length` is the attribute with its size."""
    return url, element.get("type") or "", (element.get(length) or "").strip()


def link_enclosures(links: Sequence[etree._Element]) -> list[Offered]:
    """Return the media files that Atom links name."""
    return [offer_medium(link, get_target(link), "length") for link in links if get_relation(link) == "enclosure"]

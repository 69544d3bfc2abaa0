"""Reads Media RSS: the files of an item, and the words that stand with them."""

from __future__ import annotations

from lxml import etree

from watcher.parse.links import Offered, offer_medium
from watcher.parse.namespaces import Names

_DEEPEST = 3


def read_media(
    element: etree._Element, names: Names, values: dict[str, str], media: list[Offered], depth: int = 0
) -> None:
    """Collect what a media:content or media:group holds: its files, and the first headline and caption in it."""
    url = (element.get("url") or "").strip()
    if url:
        media.append(offer_medium(element, url, "fileSize"))
    for child in element:
        key = names.find(child)
        if key == "media" and depth < _DEEPEST:
            read_media(child, names, values, media, depth + 1)
        elif key in {"caption", "other title"} and not values.get(f"media {key}"):
            values[f"media {key}"] = (child.text or "").strip()

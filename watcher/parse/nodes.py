"""Reads single elements of a tree: their markup, and the base that their relative addresses have."""

from __future__ import annotations

from urllib.parse import urljoin

from lxml import etree


def inner(element: etree._Element | None) -> str:
    """Give what stands inside an element: its text, or its markup where it has children."""
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()
    start = (element.text or "").replace("&", "&amp;").replace("<", "&lt;")
    parts = [etree.tostring(child, encoding="unicode", method="html") for child in element]
    return (start + "".join(parts)).strip()


def base_of(element: etree._Element, base: str) -> str:
    """Give the base of an element's relative addresses: xml:base, itself relative to the document's address."""
    said = element.base
    if not said:
        return base
    try:
        return urljoin(base, said)
    except ValueError:
        return base

"""Reads single elements of a tree: their markup, and the base that their relative addresses have."""

from __future__ import annotations

from urllib.parse import urljoin

from lxml import etree

from watcher.text.markup import escape_text, has_tags

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


def inner(element: etree._Element | None, *, literal: bool = False) -> str:
    """Return what stands inside an element: its text, or its markup as HTML where it has children.

    Text beside children that holds markup itself (a CDATA section after an image) is markup, but for XHTML, where all
    text is `literal`.

    Elements are written by their local names and without attributes: only their text is read from here on. A general
    serialiser writes all namespaces in scope for each child, which takes cubic time where a document declares many.
    """
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()
    escape = escape_text if literal else _escape_beside_markup
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node is element:
            if event == "start":
                parts.append(escape(node.text or ""))
            continue
        tag = node.tag
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if event == "start":
            if name:
                parts.append(f"<{name}>")
                parts.append(escape(node.text or ""))
            continue
        if name and name.lower() not in _VOID:
            parts.append(f"</{name}>")
        parts.append(escape(node.tail or ""))
    return "".join(parts).strip()


def _escape_beside_markup(text: str) -> str:
    return text if "<" in text and has_tags(text) else escape_text(text)


def base_of(element: etree._Element, base: str) -> str:
    """Give the base of an element's relative addresses: xml:base, itself relative to the document's address."""
    said = element.base
    if not said:
        return base
    try:
        return urljoin(base, said)
    except ValueError:
        return base

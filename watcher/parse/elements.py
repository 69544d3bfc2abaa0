"""Single elements of a tree: their text, their content as HTML, and the base of their relative addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from lxml import etree

from watcher.text.markup import escape_text, has_tags

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


def get_text(element: etree._Element | None) -> str:
    """Return the text before an element's first child, stripped; empty for None."""
    return (element.text or "").strip() if element is not None else ""


def inner_html(element: etree._Element | None, *, literal: bool = False) -> str:
    """Return the content of an element: its text, or its markup as HTML where it has children.

    Text beside children that holds markup itself (a CDATA section after an image) is markup, but for XHTML, where all
    text is `literal`.

    Elements are written by their local names and without attributes: only their text is read from here on. A general
    serialiser writes all namespaces in scope for each child, which takes cubic time where a document declares many.
    """
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()
    return "".join(_serialize(element, escape_text if literal else _escape_beside_markup)).strip()


def _serialize(element: etree._Element, escape: Callable[[str], str]) -> Iterator[str]:
    """Yield the pieces of an element's content. Without recursion: an element may be as deep as the parser allows."""
    yield escape(element.text or "")
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node is element:
            continue
        # Comments and processing instructions have no name, and no text to show.
        name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
        if event == "end":
            if name and name.lower() not in _VOID:
                yield f"</{name}>"
            yield escape(node.tail or "")
        elif name:
            yield f"<{name}>"
            yield escape(node.text or "")


def _escape_beside_markup(text: str) -> str:
    return text if "<" in text and has_tags(text) else escape_text(text)


def get_base_url(element: etree._Element, base: str) -> str:
    """Return the base of an element's relative addresses: xml:base, itself relative to the document's address."""
    written = element.base
    if not written:
        return base
    try:
        return urljoin(base, written)
    except ValueError:
        return base

"""What a body is, before it is parsed: a feed in XML or JSON, or what came in place of one."""

from __future__ import annotations

import re
from enum import Enum
from html import unescape

from watcher.errors import ParseError
from watcher.parse.bot_check import has_bot_check
from watcher.text.markup import is_html_element

HEAD = 65_536
"""Characters at the start that are looked at; a feed's root element stands there or nowhere."""

_ROOT = re.compile(
    r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:(?:rss|feed|rdf|channel)(?=[\s>/])|entry(?=\s[^<>]*\bxmlns))", re.IGNORECASE
)
_FIRST = re.compile(r"<([A-Za-z][\w.:-]{0,40})")
_SURE = re.compile(r"<[^>]{0,400}(?:xmlns\s*=|xmlns:|\bversion\s*=)")
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|script|title|meta|div|p)\b", re.IGNORECASE)
_PAGE_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_BINARY = (
    ("%PDF", "a PDF"),
    ("\ufffdPNG", "a picture"),
    ("\u2030PNG", "a picture"),
    ("GIF8", "a picture"),
    ("PK\x03\x04", "an archive"),
)


class DocumentFormat(Enum):
    """The formats of feeds by how they are written."""

    XML = "xml"
    JSON = "json"


def detect_format(text: str) -> DocumentFormat:
    """Return the format of a body; raises ParseError (`empty`, `html`, `challenge`, `not-feed`) for what is no feed.

    What stands before the root (a warning of the server's software, blank lines) is no reason to refuse a feed.
    """
    head = text[:HEAD]
    start = head.lstrip("\ufeff\x00 \t\r\n")
    if not start:
        raise ParseError("empty", "the document is empty")
    if start[0] == "{":
        return DocumentFormat.JSON
    root = _ROOT.search(head)
    page = _PAGE.search(head, 0, root.start() if root is not None else len(head))
    if root is not None and (page is None or not _is_page(page[0]) or _SURE.match(head, root.start())):
        return DocumentFormat.XML
    if page is not None and not _is_other_xml(start):
        raise _refusal(head)
    raise ParseError("not-feed", f"no feed but {_described(start)}")


def _is_page(tag: str) -> bool:
    return tag.lower() not in {"<div", "<p"}


def _is_other_xml(start: str) -> bool:
    """Return whether a document is XML that is neither a feed nor a page, whatever elements it holds (OPML, SVG)."""
    first = _FIRST.search(start)
    return start.startswith("<") and first is not None and not is_html_element(first[1]) and not _PAGE.match(start)


def _refusal(head: str) -> ParseError:
    match = _PAGE_TITLE.search(head)
    title = " ".join(unescape(match[1]).split())[:80] if match else ""
    named = f" ({title})" if title else ""
    if has_bot_check(head):
        return ParseError("challenge", f"a bot check in place of the feed{named}")
    return ParseError("html", f"an HTML page in place of the feed{named}")


def _described(start: str) -> str:
    for sign, name in _BINARY:
        if start.startswith(sign):
            return name
    if start.startswith("<"):
        root = _FIRST.search(start)
        return f"XML of another kind (<{root[1]}>)" if root else "XML without an element"
    return "plain text" if start[:200].isprintable() or start[:200].isascii() else "something else"

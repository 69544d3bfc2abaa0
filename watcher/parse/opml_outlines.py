"""The outlines of an OPML document with the folders they stand in: strictly by expat, else one tag after another.

Neither way builds a tree or recurses, so depth costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from xml.parsers import expat

from watcher.errors import ParseError

MAX_OUTLINES = 100_000
MAX_FOLDERS = 20
"""Of an outline deeper than this the outer folders count."""

_TAG = re.compile(
    r"""<(/?)(?:[\w.-]+:)?outline(?=[\s/>])((?:[^<>"']++|"[^"]{0,4000}+"|'[^']{0,4000}+')*+)>""", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class NotWellFormedError(Exception):
    """The document is no well-formed XML; the text says where."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An outline's attributes, their names in lower case, and the names of the folders around it, outermost first."""

    attributes: Mapping[str, str]
    folders: tuple[str, ...]


def collect_outlines(text: str) -> list[Outline]:
    """Return the outlines of a well-formed document, in their order.

    Raises NotWellFormedError, and ParseError (`too-large`) for too many.
    """
    collector = _Collector()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda name, attributes: collector.start(attributes) if _is_outline(name) else None
    parser.EndElementHandler = lambda name: collector.end() if _is_outline(name) else None
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise NotWellFormedError(str(error)) from error
    return collector.outlines


def collect_loosely(text: str) -> list[Outline]:
    """Return the outlines of a document that is not well-formed: of all tags that are whole."""
    collector = _Collector()
    for tag in _TAG.finditer(_without_comments(text)):
        if tag[1]:
            collector.end()
            continue
        collector.start({match[1]: unescape(match[2] or match[3] or "") for match in _ATTRIBUTE.finditer(tag[2])})
        if tag[2].endswith("/"):
            collector.end()
    return collector.outlines


class _Collector:
    def __init__(self) -> None:
        self.outlines: list[Outline] = []
        self._folders: list[tuple[str, ...]] = [()]

    def start(self, attributes: Mapping[str, str]) -> None:
        """Add an outline; raises ParseError (`too-large`) for too many."""
        if len(self.outlines) >= MAX_OUTLINES:
            raise ParseError("too-large", f"more than {MAX_OUTLINES:,} outlines")
        lower = {name.rpartition(":")[2].lower(): value for name, value in attributes.items()}
        around = self._folders[-1]
        self.outlines.append(Outline(lower, around))
        name = " ".join((lower.get("title") or lower.get("text") or "").split())
        self._folders.append((*around, name) if name and len(around) < MAX_FOLDERS else around)

    def end(self) -> None:
        """Leave the innermost folder."""
        if len(self._folders) > 1:
            self._folders.pop()


def _without_comments(text: str) -> str:
    # Not by a pattern: each beginning that has no end would look for it through the whole document.
    pieces: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start)) >= 0:
        pieces.append(text[place:start])
        place = end + len("-->")
    return "".join([*pieces, text[place:]])


def _is_outline(name: str) -> bool:
    return name.rpartition(":")[2].lower() == "outline"

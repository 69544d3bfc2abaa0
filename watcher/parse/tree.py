"""Makes a tree of XML: strictly, else after repairs that change no word; cut documents give what is whole.

Nothing is expanded, loaded or looked up: document types are dropped, entities that HTML does not know stay as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from watcher.errors import TooCostlyError
from watcher.parse.names import PREFIXES

_START = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|RDF|channel|CHANNEL)(?=[\s>/])")
_CLOSED = re.compile(r"</(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|RDF|CHANNEL)\s*>")
_LAST = re.compile(r"</(?:[A-Za-z][\w.-]{0,30}:)?(?:item|entry)\s*>")
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A section without an end goes on to the document's: searched for from each start, it would cost quadratic time.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos);)(?:(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});)?",
    re.DOTALL,
)
_PREFIX = re.compile(r"<([A-Za-z_][\w.-]{0,30}):[A-Za-z_]|\s([A-Za-z_][\w.-]{0,30}):[\w.-]+\s*=\s*[\"']")
_DECLARED = re.compile(r"xmlns:([A-Za-z_][\w.-]{0,30})")
MAX_UNDECLARED = 100
"""Of more prefixes that a document uses and does not declare, only those that mean something are declared for it."""
_TOO_DEEP = ("depth", "huge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A document's root; `mended` says what had to be repaired, `cut` that its end is missing."""

    root: etree._Element
    mended: str | None = None
    cut: bool = False


def grow(body: bytes) -> Tree | None:
    """Make a tree of a UTF-8 document, None where that takes more; raises ParseError for what is too deep."""
    if b"<!DOCTYPE" not in body:
        root = _strict(body)
        if root is not None:
            return Tree(root=root)
    text = body.decode("utf-8", "replace")
    start = _START.search(text)
    if start is None:
        return None
    whole = start.start() == 0 or _harmless(text[: start.start()])
    text = repaired(text[start.start() :])
    if (root := _strict(text.encode())) is not None:
        return Tree(root=root, mended=None if whole and b"<!DOCTYPE" in body else "not well-formed, repaired")
    return _cut(text)


def grow_anyhow(body: bytes) -> Tree | None:
    """Make a tree of a document too large for the judge by dropping what does not fit; None where nothing is left."""
    options = etree.XMLParser(recover=True, **_OPTIONS)  # type: ignore[arg-type]
    try:
        root = etree.fromstring(body, options)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return Tree(root=root, mended="not well-formed, read loosely") if root is not None else None


def repaired(text: str) -> str:
    """Drop what XML forbids, read HTML's entities, escape stray ampersands, declare the prefixes that were not."""
    if _ILLEGAL.search(text) is not None:
        text = _ILLEGAL.sub("", text)
    if "&" in text:
        text = _REFERENCE.sub(_reference, text)
    used = {one or other for one, other in _PREFIX.findall(text)} - {"xml", "xmlns"}
    missing = sorted(used.difference(_DECLARED.findall(text)))
    if len(missing) > MAX_UNDECLARED:
        missing = [prefix for prefix in missing if prefix.lower() in PREFIXES]
    if missing:
        declared = "".join(f' xmlns:{prefix}="{PREFIXES.get(prefix.lower(), f"urn:{prefix}")}"' for prefix in missing)
        start = _START.match(text)
        place = start.end() if start is not None else 0
        text = text[:place] + declared + text[place:] if place else text
    return text


_OPTIONS = {
    "resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False, "dtd_validation": False,
    "remove_comments": True, "remove_pis": True, "strip_cdata": True, "encoding": "utf-8",
}  # fmt: skip


def _strict(body: bytes) -> etree._Element | None:
    try:
        return etree.fromstring(body, etree.XMLParser(**_OPTIONS))  # type: ignore[arg-type]
    except etree.XMLSyntaxError as error:
        if any(word in str(error) for word in _TOO_DEEP):
            raise TooCostlyError("parse", "nested too deeply, or a text beyond all measure") from error
        return None
    except ValueError:
        return None


def _cut(text: str) -> Tree | None:
    """Keep the items that are whole of a document whose end is missing, or that goes wrong after the last of them."""
    ends = [found.end() for found in _LAST.finditer(text)]
    if not ends:
        return None
    start = _START.match(text)
    name = start[0][1:] if start is not None else ""
    inside = "</channel>" if name.endswith("rss") and "</channel>" not in text[: ends[-1]] else ""
    root = _strict((text[: ends[-1]] + inside + f"</{name}>").encode())
    if root is None:
        return None
    missing = _CLOSED.search(text, ends[-1]) is None
    return Tree(
        root=root, mended="cut short: only whole items read" if missing else "not well-formed, repaired", cut=missing
    )


def _harmless(prologue: str) -> bool:
    """Tell whether what stands before the root is a prologue (declaration, comments, document type) and no fault."""
    rest = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", "", prologue, flags=re.DOTALL)
    return not rest.strip()


def _reference(found: re.Match[str]) -> str:
    said, name = found[0], found[1]
    if said[0] == "<":
        return said
    if name is None:
        return "&amp;"
    if name[0] == "#":
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        legal = code in (9, 10, 13) or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
        return said.lower() if legal else ""
    read = html5.get(f"{name};")
    return read.replace("&", "&amp;").replace("<", "&lt;") if read is not None else f"&amp;{said[1:]}"

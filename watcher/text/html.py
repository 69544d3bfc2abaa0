"""Makes plain text of HTML, once, at the door: no markup of others is kept or shown."""

from __future__ import annotations

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

LONGEST = 262_144
"""Characters of one field that are looked at."""

_MARKUP = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_LINES = re.compile(r" ?\n[ \n]*")
# Control characters, surrogates and non-characters: no database and no terminal wants them.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DROPPED = ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head")
_BLOCKS = (
    "p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre",
    "section", "article", "header", "footer", "figure", "figcaption", "hr", "dd", "dt", "td", "th",
)  # fmt: skip


def to_text(html: str) -> str:
    """Give the words of an HTML fragment: blocks part lines, scripts and styles are gone, entities are read."""
    html = html[:LONGEST]
    if _MARKUP.search(html) is None:
        return _tidy(unescape(html) if "&" in html else html)
    tree = LexborHTMLParser(html)
    body = tree.body
    if body is None:
        return ""
    tree.strip_tags(list(_DROPPED))
    for block in body.css(",".join(_BLOCKS)):
        block.insert_before("\n")
        block.insert_after("\n")
    return _tidy(body.text(separator=""))


def title_text(said: str) -> str:
    """Give a headline as one line of text. It may hold markup, escaped twice by careless publishers."""
    text = to_text(said)
    if _ENTITY.search(text) is not None:
        text = to_text(text)
    return " ".join(text.split())[:500]


def plain(text: str) -> str:
    """Drop what no text should hold (control characters, half surrogates) from text that is no markup."""
    return _tidy(text[:LONGEST])


def _tidy(text: str) -> str:
    text = _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()

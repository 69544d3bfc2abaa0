"""Makes plain text of HTML, once, at the door: no markup of others is kept or shown."""

from __future__ import annotations

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

LONGEST = 262_144
"""Characters of one field that are looked at."""

_MARKUP = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Control characters, surrogates and non-characters: no database and no terminal wants them.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_DROPPED = ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head", "title", "textarea")
_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|tr|table|h[1-6]|blockquote|pre|section|article|header|footer|figure|figcaption|hr|dl|dd"
    r"|dt|td|th|address|aside|main|nav|form|option|caption)\b)",
    re.IGNORECASE,
)
# Markup that needs no tree: tags whose quotes close, and none whose content is no text.
_TAG = re.compile(r"""</?[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*+>""")
_NEEDS_TREE = re.compile(
    r"<(?:[!?]|/?(?:script|style|template|noscript|iframe|object|svg|math|head|title|textarea|xmp|plaintext|noembed"
    r"|noframes|select|frameset)\b)",
    re.IGNORECASE,
)


def to_text(html: str) -> str:
    """Give the words of an HTML fragment: blocks part lines, scripts and styles are gone, entities are read."""
    html = html[:LONGEST]
    if "<" not in html or _MARKUP.search(html) is None:
        return _tidy(unescape(html) if "&" in html else html)
    html = _BLOCK.sub("\n<", html.replace("\n", " "))
    if _NEEDS_TREE.search(html) is None:
        bare = _TAG.sub("", html)
        if "<" not in bare or _MARKUP.search(bare) is None:
            return _tidy(unescape(bare) if "&" in bare else bare)
    tree = LexborHTMLParser(html)
    tree.strip_tags(list(_DROPPED))
    return _tidy(tree.body.text(separator="")) if tree.body is not None else ""


def title_text(said: str) -> str:
    """Give a headline as one line of text. It may hold markup, escaped twice by careless publishers."""
    if "<" not in said and "&" not in said:
        return line(said)[:500]
    text = to_text(said)
    if _ENTITY.search(text) is not None:
        text = to_text(text)
    return " ".join(text.split())[:500]


def plain(text: str) -> str:
    """Drop what no text should hold (control characters, half surrogates) from text that is no markup."""
    return _tidy(text[:LONGEST])


def line(text: str) -> str:
    """Give text that is no markup as one line, without what no text should hold."""
    said = " ".join(text.split())
    return said if said.isprintable() else " ".join(_UNWANTED.sub("", said).split())


def _tidy(text: str) -> str:
    if "\n" not in text and "\r" not in text:
        return line(text)
    return "\n".join([said for part in text.splitlines() if (said := line(part))])

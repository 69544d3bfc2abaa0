"""Makes plain text of HTML, once, at the door: no markup of others is kept or shown."""

from __future__ import annotations

import re
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser

from watcher.text.bidi import drop_unbalanced_controls
from watcher.text.linear_html import exceeds_tree_limits, strip_markup, unescape_entities
from watcher.text.markup import escape_literals

LONGEST = 262_144
"""Characters of one field that are looked at."""

_MARKUP = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_INLINE = re.compile(r"</(?:a|b|em|font|i|p|span|strong|sub|sup|u)>|<br ?/?>", re.IGNORECASE)
_DROPPED = (
    "head", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "title",
)  # fmt: skip
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "button", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "search", "section",
    "summary", "table", "td", "th", "tr", "ul",
)  # fmt: skip


def _tags(names: tuple[str, ...]) -> str:
    """Write a pattern for some tag names, by their first letters: twice as fast as an alternation of all."""
    grouped = groupby(names, key=lambda name: name[0])
    parts = (f"[{first}{first.upper()}](?i:{'|'.join(name[1:] for name in same)})" for first, same in grouped)
    return f"(?:{'|'.join(parts)})(?=[\\s/>])"


_BLOCK = re.compile(f"<(?=/?{_tags(_BLOCKS)})")
_DROP = re.compile(f"<{_tags(_DROPPED)}")
# Control characters, halves of surrogates and non-characters: no database and no terminal wants them. Those of the
# upper range are punctuation in windows-1252, from where editors of old bring them.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}
_NOTHING: list[int] = [*range(0x20), 0x7F, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
_UNWANTED: dict[int, str | None] = _WINDOWS | dict.fromkeys(_NOTHING)


def to_text(html: str) -> str:
    """Give the words of an HTML fragment: blocks part lines, scripts and styles are gone, entities are read."""
    html = html[:LONGEST]
    if "<" not in html or _MARKUP.search(html) is None:
        return plain(unescape_entities(html) if "&" in html else html)
    if exceeds_tree_limits(html):
        return plain(strip_markup(html))
    tree = LexborHTMLParser(_BLOCK.sub("\n<", html.replace("\n", " ")))
    if _DROP.search(html) is not None:
        tree.strip_tags(list(_DROPPED))
    return plain(tree.body.text(separator="")) if tree.body is not None else ""


def title_text(said: str) -> str:
    """Give a headline as one line of text. It may hold markup, escaped twice by careless publishers.

    The name of an element that stands alone (`How the <table> element won`) is text.
    """
    if "<" not in said and "&" not in said:
        return line(said)[:500]
    text = to_text(escape_literals(said, lone=True))
    if _ENTITY.search(text) is not None or _INLINE.search(text) is not None:
        text = to_text(escape_literals(text, lone=True))
    return line(text)[:500]


def plain(text: str) -> str:
    """Tidy text that is no markup: blank lines, blanks beside blanks, and what no text should hold are gone."""
    return "\n".join([said for part in text[:LONGEST].splitlines() if (said := line(part))])


def line(text: str) -> str:
    """Give text that is no markup as one line, without what no text should hold."""
    said = " ".join(text.split())
    if said.isprintable():
        return said
    return " ".join(drop_unbalanced_controls(said).translate(_UNWANTED).split())

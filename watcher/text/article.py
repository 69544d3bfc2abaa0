"""Finds an article in a web page: its headline, its language, and the words that are the article's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.text.html import MAX_FIELD_LENGTH, clean_line, clean_lines, html_to_text, title_to_text
from watcher.text.language_tags import language_tag
from watcher.text.linear_html import exceeds_tree_limits

ENOUGH = 250
"""So many characters in a part of a page make it worth taking for the article."""
_PAGE = re.compile(r"(?i)^\s*(?:<!doctype html|<html|<\?xml[^>]{0,200}>\s*<(?:!doctype )?html)")
_MARKUP = re.compile(r"(?i)<(?:p|div|article|body|h1|span|br)[\s>/]")
_AROUND = "nav, header, footer, aside, script, style, noscript, template, form, figure, iframe, svg, button, select"
_MOST = 4 * MAX_FIELD_LENGTH
_MOST_TAGS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page or a file says: `text` holds a paragraph a line, without the headline."""

    title: str
    text: str
    language: str | None = None


def looks_html(text: str) -> bool:
    """Tell a page or a piece of HTML from plain text."""
    return _PAGE.match(text) is not None or len(_MARKUP.findall(text[:100_000])) >= 3


def from_text(text: str) -> Article:
    """Read plain text: its first line is the headline, if it is short enough to be one."""
    tidy = clean_lines(text)
    first, _break, rest = tidy.partition("\n")
    return Article(title=first, text=rest) if rest and len(first) <= 200 else Article(title="", text=tidy)


def from_html(html: str) -> Article:
    """Read a page. Trafilatura finds its article where it is installed, and a plainer rule where not."""
    html = html[:_MOST]
    if exceeds_tree_limits(html):
        return from_text(html_to_text(html))
    tree = LexborHTMLParser(html)
    language = tree.root.attributes.get("lang") if tree.root is not None else None
    title = _title(tree)
    text = _extracted(html) or _largest(tree)
    return Article(title=title, text=_without(title, text), language=language_tag(language))


def _extracted(html: str) -> str:
    try:
        from trafilatura import extract
    except ImportError:  # the extra `fulltext`, or a part of it, is not installed
        return ""
    if html.count("<") > _MOST_TAGS:  # it takes its time
        return ""
    found = extract(html, include_comments=False, include_tables=False, favor_precision=True)
    return clean_lines(found) if found and len(found) >= ENOUGH else ""


def _title(tree: LexborHTMLParser) -> str:
    for chosen, name in (("meta[property='og:title']", "content"), ("article h1, main h1, h1", ""), ("title", "")):
        node = tree.css_first(chosen)
        if node is not None:
            said = (node.attributes.get(name) or "") if name else node.text(separator=" ")
            if said.strip():
                return title_to_text(said)
    return ""


def _largest(tree: LexborHTMLParser) -> str:
    """Take the paragraphs of the article or main part, else of the whole body."""
    for node in tree.css(_AROUND):
        node.decompose()
    best = ""
    for chosen in ("article", "[itemprop='articleBody']", "main, [role='main']", "body"):
        parts = [_paragraphs(node) for node in tree.css(chosen)]
        best = max([best, *parts], key=len)
        if len(best) >= ENOUGH:
            return best
    return best or (clean_lines(tree.body.text(separator="\n")) if tree.body is not None else "")


def _paragraphs(node: LexborNode) -> str:
    said = [clean_line(part.text(separator="")) for part in node.css("p, li, h2, h3, blockquote")]
    return "\n".join(dict.fromkeys(part for part in said if part))


def _without(title: str, text: str) -> str:
    first, _break, rest = text.partition("\n")
    return rest if title and first.casefold() == title.casefold() else text

"""The article to draft topics from: fetched through the SSRF guard, or parsed from a file's bytes."""

from __future__ import annotations

import re

from watcher.errors import ParseError
from watcher.fetch import Fetcher
from watcher.model.poll import Failed
from watcher.parse.charset import decode_page
from watcher.text.article import Article, looks_html, parse_article_html, parse_article_text

_MAX_BYTES = 8 * 2**20


async def fetch_article(fetcher: Fetcher, url: str) -> Article:
    """Fetch a page that a person named, and find its article; raises ParseError where there is none to be had."""
    page = await fetcher.page(url, obey_robots=False)
    if isinstance(page, Failed):
        raise ParseError(page.kind.value, f"{url}: {page.message}")
    return parse_article(page.body, page.headers.get("content-type"), url)


def parse_article(body: bytes, content_type: str | None = None, name: str = "the article") -> Article:
    """Return the article in a page's or a text file's bytes; raises ParseError for what is no text or has no words."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if (
        body.startswith(b"%PDF")
        or kind.startswith(("image/", "audio/", "video/", "application/pdf"))
        or _is_binary(body)
    ):
        raise ParseError("not-text", f"{name}: no text or web page")
    text = decode_page(body[:_MAX_BYTES], content_type)
    article = parse_article_html(text) if kind == "text/html" or looks_html(text) else parse_article_text(text)
    if not re.search(r"\w", article.title + article.text):
        raise ParseError("empty", f"{name}: no words in it")
    return article


def _is_binary(body: bytes) -> bool:
    """Return whether bytes are no text in any encoding: UTF-16 has its mark, other texts have no zero bytes."""
    return b"\x00" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff"))

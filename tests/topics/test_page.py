"""An article found in a page or a file."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.web_server import Reply, Server
from watcher.errors import ParseError
from watcher.fetch import Fetcher, FetchPolicy
from watcher.parse.web_pages import parse_article
from watcher.text.article import Article
from watcher.topics.article_source import fetch_article

PARAGRAPHS = "".join(
    f"<p>Harbour Watch halted patrol number {n} off Port Example, officials said.</p>" for n in range(8)
)
EYES = "Пять глаз молчат. " * 30
PAGE = (
    "<!doctype html><html lang='en-gb'><head><title>Patrols halted | The Harbour Post</title>"
    "<meta property='og:title' content='Patrols halted &amp; ships wait'><script>var evil = 'script words'</script>"
    "</head>"
    "<body><nav><a href='/'>Menu words</a></nav><header>Header words</header>"
    f"<main><article><h1>Patrols halted &amp; ships wait</h1>{PARAGRAPHS}</article></main>"
    "<aside><p>Aside words that are about something else</p></aside><footer>Footer words</footer></body></html>"
)


def test_a_page_gives_its_headline_language_and_own_words() -> None:
    article = parse_article(PAGE.encode(), "text/html; charset=utf-8")

    assert (article.title, article.language) == ("Patrols halted & ships wait", "en-GB")
    assert "patrol number 7" in article.text
    for words in ("Menu words", "Header words", "Aside words", "Footer words", "script words"):
        assert words not in article.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(f"<html><meta charset='windows-1251'><p>{EYES}</p>".encode("cp1251"), None, id="meta"),
        pytest.param(f"<html><p>{EYES}</p>".encode("cp1251"), "text/html; charset=windows-1251", id="header"),
        pytest.param(f"Заголовок\n{EYES}".encode("utf-16"), None, id="text in UTF-16"),
    ],
)  # fmt: skip
def test_words_are_read_in_whatever_encoding_they_are_in(body: bytes, kind: str | None) -> None:
    assert "Пять глаз молчат" in parse_article(body, kind).text


def test_plain_text_begins_with_its_headline() -> None:
    assert parse_article(b"Patrols halted\n\nHarbour Watch said so.") == Article(
        title="Patrols halted", text="Harbour Watch said so."
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"%PDF-1.7 words", None, id="PDF"),
        pytest.param(b"\x7fELF\x00\x00words", None, id="a program"),
        pytest.param(b"words", "image/png", id="said to be a picture"),
        pytest.param(b"  \n <html><body></body></html>", None, id="no words"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_what_is_no_article_is_a_fault_of_one_line(body: bytes, kind: str | None) -> None:
    with pytest.raises(ParseError) as raised:
        parse_article(body, kind, "the file")

    assert str(raised.value).startswith("the file: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("body", [b"<" * 200_000, b"<div>" * 60_000, b"<p>a" * 60_000])
def test_a_hostile_page_is_read_or_refused(body: bytes) -> None:
    with suppress(ParseError):
        assert len(parse_article(body, "text/html").text) <= 4 * len(body)


def test_a_page_is_fetched_through_the_guard() -> None:
    async def go(server: Server, **policy: tuple[str, ...]) -> Article:
        async with Fetcher(FetchPolicy(**policy)) as fetcher:  # type: ignore[arg-type]
            return await fetch_article(fetcher, f"{server.url}/a")

    with Server() as server:
        server.pages["/a"] = Reply(PAGE.encode(), headers={"Content-Type": "text/html"})
        with pytest.raises(ParseError, match="loopback"):
            asyncio.run(go(server))
        refused = len(server.asked)
        page = asyncio.run(go(server, allow=("127.0.0.0/8",)))

    assert refused == 0
    assert page.title == "Patrols halted & ships wait"


def test_a_page_that_is_not_there_is_a_fault_that_names_it() -> None:
    async def go(url: str) -> Article:
        async with Fetcher(FetchPolicy(allow=("127.0.0.0/8",))) as fetcher:
            return await fetch_article(fetcher, url)

    with Server() as server, pytest.raises(ParseError, match=r"/missing: HTTP 404"):
        asyncio.run(go(f"{server.url}/missing"))

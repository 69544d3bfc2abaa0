"""Laws of reading: any bytes give a Parsed or a ParseError, and both readers say the same."""

from __future__ import annotations

import random
import string
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.errors import ParseError
from watcher.model.entry import Item
from watcher.model.poll import ParsedFeed
from watcher.parse import parse_bytes
from watcher.parse.feedparser_reader import read_loosely
from watcher.parse.limits import MAX_ITEMS

URL = "https://post.example/rss"
FOLDER = Path(__file__).parent.parent / "feeds"
DOCUMENTS = sorted(path for path in FOLDER.iterdir() if not path.name.endswith(".expected.json"))

_WORDS = st.text(alphabet=string.ascii_letters + string.digits + " .,äéßжщ中文—’", min_size=1, max_size=40)
_ESCAPED = _WORDS.map(lambda words: words.strip() or "x")


def read(body: bytes, content_type: str | None = None) -> ParsedFeed | ParseError:
    try:
        return parse_bytes(body, URL, content_type)
    except ParseError as error:
        return error


@given(st.binary(max_size=400), st.sampled_from([None, "text/xml; charset=utf-16", "text/html; charset=\x00"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_a_document_or_a_parse_error(body: bytes, content_type: str | None) -> None:
    assert isinstance(read(body, content_type), ParsedFeed | ParseError)


@given(st.sampled_from(DOCUMENTS), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_any_damage_to_a_document_gives_a_document_or_a_parse_error(path: Path, chance: random.Random) -> None:
    body = bytearray(path.read_bytes())
    for _blow in range(chance.randint(1, 8)):
        place = chance.randrange(len(body))
        length = chance.choice((0, 1, 1, 5, 50))
        body[place : place + length] = bytes(chance.choices(b'<>&;"/[]! \x00\x80\xc3\xffa', k=chance.randint(0, 4)))
        if not body:
            break

    assert isinstance(read(bytes(body)), ParsedFeed | ParseError)


@st.composite
def _feeds(draw: st.DrawFn) -> bytes:
    items = []
    for number in range(draw(st.integers(1, 5))):
        title, summary = draw(_ESCAPED), draw(_ESCAPED)
        guid = f"<guid isPermaLink='false'>{number}</guid>" if draw(st.booleans()) else ""
        date = "<pubDate>Wed, 04 Mar 2026 12:00:00 +0100</pubDate>" if draw(st.booleans()) else ""
        items.append(
            f"<item><title>{title}</title><link>https://post.example/{number}</link>{guid}{date}"
            f"<description>{summary}</description></item>"
        )
    return f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>".encode()


@given(_feeds())
@settings(max_examples=60, deadline=None)
def test_quick_reader_and_judge_say_the_same(body: bytes) -> None:
    quick, judged = parse_bytes(body, URL), read_loosely(body, URL)

    assert quick.parser == "quick"
    assert [_told(item) for item in quick.items] == [_told(item) for item in judged.items]


def _plain_utf8(path: Path) -> bool:
    """Tell whether a document is one that both readers can be given as it is."""
    body = path.read_bytes()
    parsed = read(body)
    if not isinstance(parsed, ParsedFeed) or parsed.parser != "quick" or parsed.degraded or b"<!DOCTYPE" in body:
        return False
    try:
        return "ISO-8859" not in body.decode() and not {b"\x00", b"\x1b"} & {bytes([byte]) for byte in body}
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in DOCUMENTS if _plain_utf8(path)])
def test_quick_reader_and_judge_say_the_same_of_odd_documents(path: Path) -> None:
    quick, judged = parse_bytes(path.read_bytes(), URL), read_loosely(path.read_bytes(), URL)

    assert [(item.title, item.published_at) for item in quick.items] == [
        (item.title, item.published_at) for item in judged.items
    ]


def test_truncation_anywhere_keeps_the_whole_items_before_it() -> None:
    items = [f"<item><title>t{n}</title><link>https://post.example/{n}</link></item>" for n in range(4)]
    body = f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>".encode()
    ends = [body.index(item.encode()) + len(item) for item in items]

    for place in range(ends[0], len(body)):
        whole = sum(end <= place for end in ends)
        parsed = parse_bytes(body[:place], URL)
        assert [item.title for item in parsed.items[:whole]] == [f"t{n}" for n in range(whole)]
        assert parsed.degraded is not None


def test_of_too_many_items_the_newest_are_read_in_their_order() -> None:
    dates = [f"2026-01-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00Z" for n in range(MAX_ITEMS + 500)]
    items = "".join(
        f"<item><title>{n}</title><link>https://post.example/{n}</link>"
        f"<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>{date}</dc:date></item>"
        for n, date in enumerate(dates)
    )

    parsed = parse_bytes(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), URL)

    assert parsed.truncated_items == 500
    assert [parsed.items[0].title, parsed.items[-1].title] == ["500", str(MAX_ITEMS + 499)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<rss version='2.0'><channel>" + b"<item>" * 150_000, id="tags that never close"),
        pytest.param(
            b"<rss version='2.0'><channel><item><title>" + b"<![CDATA[<<<<" * 50_000, id="sections in sections"
        ),
        pytest.param(b"<rss version='2.0'><channel><item><title>" + b"&" * 900_000, id="ampersands"),
        pytest.param(
            b"<rss version='2.0'><channel><item><title>t</title><description><![CDATA["
            + b"<" * 2_000_000
            + b"]]></description></item></channel></rss>",
            id="brackets",
        ),
        pytest.param(b"<rss version='2.0'><channel>" + b"<a b='" * 100_000, id="quotes that never close"),
        pytest.param(b"<?xml version='1.0'" + b" " * 900_000, id="a declaration that never ends"),
        pytest.param(b"<!DOCTYPE rss [" + b"<!ENTITY a 'b'>" * 60_000 + b"]><rss/>", id="entities without end"),
        pytest.param(b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<x:y z:q='1'/>" * 60_000, id="prefixes"),
    ],
)
def test_hostile_document_takes_bounded_time(body: bytes) -> None:
    before = process_time()

    read(body)

    assert process_time() - before < 5


def _told(item: Item) -> tuple[object, ...]:
    return item.title, item.url, item.guid, item.published_at, item.summary

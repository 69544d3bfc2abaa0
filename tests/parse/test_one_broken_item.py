"""One item's fault changes no other item, whatever the fault."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from watcher.errors import ParseError
from watcher.model.entry import Item
from watcher.model.poll import ParsedFeed
from watcher.parse import parse_bytes

URL = "https://feeds.post.example/rss/all.xml"
FOLDER = Path(__file__).parent.parent / "feeds"
_ITEM = re.compile(rb"(<(?:\w+:)?(item|entry)\b[^>]*>)(.*?)(</(?:\w+:)?(?:item|entry)>)", re.DOTALL | re.IGNORECASE)

FAULTS = {
    "a break that is not closed": b"<description>line<br>line two<br>three</description>",
    "a bare ampersand": b"<description>Fish & chips, AT&T & more</description>",
    "two ids": b"<guid>one</guid><guid>two</guid><id>three</id><id>four</id>",
    "tags that overlap": b"<description><b><i>words</b></i></description>",
    "a prefix that nobody declared": b"<odd:thing kind:of='x'>words</odd:thing>",
    "bytes of another encoding": b"<description>caf\xe9 \xff</description>",
    "a section that is not closed": b"<description><![CDATA[words <p>more</description>",
    "an attribute without quotes": b"<enclosure url=https://post.example/a.mp3 type=audio/mpeg>",
    "an element that is not closed": b"<author>Ann",
    "a closing tag too many": b"</b></description></p>",
    "an entity that nobody knows": b"<description>&nosuch; &nbsp;</description>",
    "a control character": b"<description>a\x08b</description>",
    "a tag that does not end": b"<description>x <y z</description>",
    "too many breaks": b"<description>" + b"<br>word" * 400 + b"</description>",
    "a comment that is not closed": b"<!-- words <description>d</description>",
}


def read(body: bytes) -> ParsedFeed | None:
    try:
        return parse_bytes(body, URL)
    except ParseError:
        return None


def is_subject(path: Path) -> bool:
    """Return whether a document is whole, and a fault can be put into one of its items, byte by byte."""
    if path.name.endswith((".expected.json", ".json")):
        return False
    body = path.read_bytes()
    if _ITEM.search(body) is None or b"\x00" in body or b"\x1b" in body:  # UTF-16 has zeros, ISO-2022 has escapes
        return False
    parsed = read(body)
    return parsed is not None and len(parsed.items) > 0 and parsed.degraded is None and not parsed.truncated_items


SUBJECTS = [path for path in sorted(FOLDER.iterdir()) if is_subject(path)]


@cache
def with_neighbours(path: Path) -> tuple[bytes, ParsedFeed]:
    """Return a document with two plain items at its end, and what is read of it."""
    body = path.read_bytes()
    neighbours = b"".join(
        b"<%s><title>Harbour %d</title><link href='https://post.example/n%d'>https://post.example/n%d</link></%s>"
        % ((name := match[2]), number, number, number, name)
        for number in range(2)
        if (match := _ITEM.search(body)) is not None and b":" not in match[1]
    )
    last = list(_ITEM.finditer(body))[-1]
    body = body[: last.end()] + neighbours + body[last.end() :]
    return body, parse_bytes(body, URL)


def others(items: tuple[Item, ...], left_out: int) -> list[Item]:
    """Return the items but one, with the marks by which a poll knows them again."""
    return [replace(item, repeated=False) for number, item in enumerate(items) if number != left_out]


@pytest.mark.parametrize("fault", [pytest.param(fault, id=name) for name, fault in FAULTS.items()])
@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SUBJECTS])
@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_fault_in_one_item_changes_no_other(path: Path, fault: bytes, where: str) -> None:
    body, intact = with_neighbours(path)
    spots = list(_ITEM.finditer(body))
    number = {"first": 0, "middle": len(spots) // 2, "last": len(spots) - 1}[where]
    spot = spots[number]
    broken = body[: spot.end(1)] + fault + body[spot.start(3) :]

    parsed = parse_bytes(broken, URL)

    assert len(parsed.items) == len(intact.items)
    assert others(parsed.items, number) == others(intact.items, number)
    if fault.isascii():  # else the whole document may be decoded otherwise, and mended to the same words
        assert [item.mark for item in others(parsed.items, number)] == [
            item.mark for item in others(intact.items, number)
        ]
    assert (parsed.title, parsed.site_url, parsed.language) == (intact.title, intact.site_url, intact.language)


ORDER_OF_A_MAGAZINE = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel><title>Review</title><link>https://review.example/</link>
<item><title>Ferry rescued</title><guid>r1</guid><description>A short teaser.</description>
<media:content url="https://cdn.example/a.jpg"><media:description>Two sailors wave.</media:description></media:content>
<content:encoded><![CDATA[<p>The pilot reached the ferry at dawn and brought it home.</p>]]></content:encoded>
<itunes:summary>Notes of the show</itunes:summary></item>
<item><title>Second</title><guid>r2</guid><description>line%sline</description></item></channel></rss>"""


def test_captions_never_replace_the_article() -> None:
    intact, broken = (parse_bytes((ORDER_OF_A_MAGAZINE % sign).encode(), URL) for sign in ("&lt;br&gt;", "<br>"))

    assert broken.degraded is not None
    assert broken.items == intact.items
    assert broken.items[0].summary == "A short teaser."
    assert broken.items[0].content == "The pilot reached the ferry at dawn and brought it home."


def test_text_of_the_broken_item_is_kept() -> None:
    body = (
        "<rss version='2.0'><channel><title>t</title><item><title>Fog & <b>ice</title><link>https://post.example/1</link>"
        "<description><p>Pilots say the <i>port will close</p> &lt;b&gt;tonight&lt;/b&gt;</description>"
        "<pubDate>Wed, 04 Mar 2026 12:00:00 GMT</pubDate></item></channel></rss>"
    )

    item = parse_bytes(body.encode(), URL).items[0]

    assert item.title == "Fog & ice"
    assert item.summary == "Pilots say the port will close\ntonight"
    assert item.url == "https://post.example/1"
    assert item.published_at is not None


def test_breaks_beyond_the_depth_of_xml_lose_no_item() -> None:
    first, second = (
        f"<item><title>{name}</title><description>{text}</description></item>"
        for name, text in (("First", "<br>line" * 300), ("Second", "whole"))
    )

    parsed = parse_bytes(f"<rss version='2.0'><channel>{first}{second}</channel></rss>".encode(), URL)

    assert [item.title for item in parsed.items] == ["First", "Second"]
    assert parsed.items[0].summary.count("line") == 300


def test_section_that_is_not_closed_swallows_no_other_item() -> None:
    body = (
        "<rss version='2.0'><channel><title>t</title><item><title>First</title><description><![CDATA[one <b>two</b>"
        "</description><link>https://post.example/1</link></item><item><title>Second</title>"
        "<description><![CDATA[<p>whole</p>]]></description></item></channel></rss>"
    )

    first, second = parse_bytes(body.encode(), URL).items

    assert (first.summary, first.url) == ("one two", "https://post.example/1")
    assert (second.title, second.summary) == ("Second", "whole")


@pytest.mark.parametrize("size", [3, 300])
def test_fault_costs_no_more_than_its_item(size: int) -> None:
    items = [f"<item><title>T{n}</title><guid isPermaLink='false'>g{n}</guid></item>" for n in range(size)]
    body = f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>"
    broken = body.replace(items[1], items[1].replace("</title>", "<u></title>"))

    parsed = parse_bytes(broken.encode(), URL)

    assert [item.guid for item in parsed.items] == [f"g{n}" for n in range(size)]
    assert [item.title for item in parsed.items] == [f"T{n}" for n in range(size)]

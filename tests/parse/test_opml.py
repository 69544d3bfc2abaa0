"""Lists of feeds come in and go out as the same lists; what is hostile in them does nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.errors import ParseError
from watcher.model.feed import FeedConfig
from watcher.parse.opml import MAX_OPML_BYTES, Outlines, format_opml, parse_opml

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)

_NAMES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp", "Zs"], blacklist_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)
_SOURCES = st.builds(
    FeedConfig,
    url=st.from_regex(r"https?://[a-z]{1,10}\.example/[a-z0-9/&=?%;_-]{0,20}", fullmatch=True),
    title=_NAMES.filter(lambda name: not name.startswith("http")) | st.just(""),
    tags=st.lists(_NAMES.filter(lambda name: name.strip("/") == name), unique=True, max_size=4).map(tuple),
    language=st.sampled_from([None, "en", "de", "pt-BR"]),
)


@given(st.lists(_SOURCES, max_size=12, unique_by=lambda source: source.url))
@settings(max_examples=150, deadline=None)
def test_what_goes_out_comes_back(sources: list[FeedConfig]) -> None:
    back = parse_opml(format_opml(sources, "Feeds", NOON).encode())

    assert {source.url: source for source in back.sources} == {source.url: source for source in sources}
    assert back.refused == ()


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_list_or_a_fault(body: bytes) -> None:
    try:
        read = parse_opml(b"<opml><body>" + body)
    except ParseError:
        return
    assert isinstance(read, Outlines)


def test_folders_within_folders_are_tags_and_a_feed_in_two_is_one() -> None:
    opml = (
        "<opml version='2.0'><body><outline text='Europe'><outline title='West'>"
        "<outline text='Post' xmlUrl='https://post.example/rss' category='/daily,/press'/></outline></outline>"
        "<outline text='Dailies'><outline text='Post' xmlURL='https://post.example/rss'/></outline></body></opml>"
    )

    [source] = parse_opml(opml.encode()).sources

    assert (source.title, source.tags) == ("Post", ("Europe", "West", "daily", "press", "Dailies"))


def test_stray_ampersands_of_careless_writers_are_read() -> None:
    opml = b"<opml><body><outline text='Q&A' xmlUrl='https://post.example/rss?a=1&b=2'/></body></opml>"

    read = parse_opml(opml)

    assert [(source.url, source.title) for source in read.sources] == [("https://post.example/rss?a=1&b=2", "Q&A")]
    assert read.damage is None


@pytest.mark.parametrize(
    ("outline", "url", "title"),
    [
        ('text="R&D" xmlUrl="https://a.example/f.aspx?tab=1&maxcount=25&copy=2"',
         "https://a.example/f.aspx?tab=1&maxcount=25&copy=2", "R&D"),
        ('text="Caf&eacute;" xmlUrl="https://a.example/f"', "https://a.example/f", "Café"),
        ('text="A &amp; B" xmlUrl="https://a.example/f?x=1&amp;y=2"', "https://a.example/f?x=1&y=2", "A & B"),
        ('TEXT="A" XMLURL="https://a.example/f"', "https://a.example/f", "A"),
        ('text="A" xmlurl="https://a.example/f"', "https://a.example/f", "A"),
        ('text="A" type="rss" url="https://a.example/f"', "https://a.example/f", "A"),
        ('text="A" type="atom" href="https://a.example/f"', "https://a.example/f", "A"),
        ('text="A" feedUrl="https://a.example/f" url="https://a.example/"', "https://a.example/f", "A"),
        ('text="A" xmlUrl="feed:https://a.example/f"', "https://a.example/f", "A"),
        ('text="A" xmlUrl="feed://a.example/f"', "http://a.example/f", "A"),
        ('text="A" xmlUrl="FEED://https://a.example/f"', "https://a.example/f", "A"),
        ('text="A" xmlUrl="itpc://a.example/f"', "http://a.example/f", "A"),
        ('text="A" xmlUrl=" https://a.example/f&#10;"', "https://a.example/f", "A"),
    ],
)  # fmt: skip
def test_addresses_under_all_spellings_in_use(outline: str, url: str, title: str) -> None:
    read = parse_opml(f"<opml version='1.0'><body><outline {outline}/></body></opml>".encode())

    assert [(source.url, source.title) for source in read.sources] == [(url, title)]
    assert (read.damage, read.note, read.refused) == (None, None, ())


@pytest.mark.parametrize(
    "document",
    [
        "<OPML VERSION='1.1'><BODY><OUTLINE TEXT='Sea'><OUTLINE TEXT='A' XMLURL='https://a.example/f'/></OUTLINE></BODY></OPML>",
        "<opml xmlns='http://opml.org/spec2'><body><outline text='Sea'><outline text='A' xmlUrl='https://a.example/f'/>"
        "</outline></body></opml>",
        "<o:opml xmlns:o='urn:o'><o:body><o:outline text='Sea'><o:outline text='A' xmlUrl='https://a.example/f'/>"
        "</o:outline></o:body></o:opml>",
        "<o:opml><o:body><o:outline text='Sea'><o:outline text='A' o:xmlUrl='https://a.example/f'/></o:outline></o:body></o:opml>",
        "Warning: x in y.php\n<?xml version='1.0'?><!-- <b> --><!DOCTYPE opml><opml><body><outline text='Sea'>"
        "<outline text='A' xmlUrl='https://a.example/f'></outline></outline></body></opml>",
    ],
)  # fmt: skip
def test_names_in_any_case_and_namespace(document: str) -> None:
    [source] = parse_opml(document.encode()).sources

    assert (source.url, source.title, source.tags) == ("https://a.example/f", "A", ("Sea",))


@pytest.mark.parametrize(
    ("document", "count", "damage"),
    [
        ("<opml><body><outline text='A' xmlUrl='https://a.example/1'/><outline text='B' xmlUrl='https://", 1, "cut"),
        ("<opml><body><outline text='A' xmlUrl='https://a.example/1'/>", 1, "cut"),
        ("<opml><body><outline text='A' xmlUrl='https://a.example/1'/></outline><outline text='B' "
         "xmlUrl='https://a.example/2'/></body></opml>", 2, "not well-formed"),
        ("<opml><body><outline text='a < b' xmlUrl='https://a.example/1'/><outline text='\"' "
         "xmlUrl='https://a.example/2'/></body></opml>", 2, "not well-formed"),
        ("<opml><body><outline text=A xmlUrl='https://a.example/1'/></body></opml>", 1, "not well-formed"),
    ],
)  # fmt: skip
def test_what_is_whole_of_a_damaged_list_is_read_and_the_damage_named(document: str, count: int, damage: str) -> None:
    read = parse_opml(document.encode())

    assert len(read.sources) == count
    assert (read.damage or "").startswith(damage)


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("<outline text='A'/><outline text='B' type='link' url='https://a.example/'/>", "no outline of 2 has"),
        ("", "it has no outlines"),
    ],
)
def test_list_that_names_no_feed_is_not_silent(body: str, note: str) -> None:
    read = parse_opml(f"<opml><body>{body}</body></opml>".encode())

    assert read.sources == ()
    assert (read.note or "").startswith(note)


def test_depth_costs_nothing() -> None:
    deep = "".join(f"<outline text='{n}'>" for n in range(5_000))
    body = f"<opml><body>{deep}<outline xmlUrl='https://a.example/f'/>{'</outline>' * 5_000}</body></opml>"
    before = process_time()

    [source] = parse_opml(body.encode()).sources

    assert source.url == "https://a.example/f"
    assert source.tags[:2] == ("0", "1")
    assert process_time() - before < 2


@pytest.mark.parametrize(
    "piece", ["<outline text='", '<outline a="', "<!--", "<outline ", "&", "<outline text=''", "'\""]
)
def test_damaged_list_takes_bounded_time(piece: str) -> None:
    before = process_time()

    parse_opml(b"<opml><body>" + piece.encode() * (400_000 // len(piece)))

    assert process_time() - before < 5


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            b"<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><body>&x;</body></opml>", id="file"
        ),
        pytest.param("<!DOCTYPE opml [<!ENTITY x 'y'>]><opml/>".encode("utf-16"), id="entity in UTF-16"),
        pytest.param(b"<opml>" + b"<outline>" * 100_000, id="nested without end"),
        pytest.param(b"<opml><body>" + b"<outline/>" * 100_001 + b"</body></opml>", id="too many outlines"),
        pytest.param(b"<opml>" + b" " * MAX_OPML_BYTES, id="too large"),
        pytest.param(b"<rss version='2.0'/>", id="a feed"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_hostile_list_is_refused_in_bounded_time(body: bytes) -> None:
    before = process_time()
    try:
        outlines = parse_opml(body)
    except ParseError:
        outlines = Outlines(sources=())

    assert outlines.sources == ()
    assert process_time() - before < 5


def test_ten_thousand_feeds_are_read_quickly() -> None:
    sources = [
        FeedConfig(url=f"https://host{n}.example/rss", title=f"Feed {n}", tags=("a", str(n % 9))) for n in range(10_000)
    ]
    written = format_opml(sources, "Feeds", NOON).encode()
    before = process_time()

    assert len(parse_opml(written).sources) == 10_000
    assert process_time() - before < 5

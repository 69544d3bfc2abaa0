"""What feeds say is read in every spelling in use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.errors import ParseError
from watcher.model.entry import Enclosure, Item
from watcher.model.poll import ParsedFeed
from watcher.parse import parse_bytes
from watcher.parse.feedparser_reader import read_loosely

URL = "https://feeds.post.example/rss/all.xml"
CONTENT, MEDIA, DC = "http://purl.org/rss/1.0/modules/content/", "http://search.yahoo.com/mrss/", "http://purl.org/dc"
ATOM = "http://www.w3.org/2005/Atom"


def parse(document: str) -> ParsedFeed:
    return parse_bytes(document.encode(), URL)


def rss(item: str, spaces: str = "", head: str = "<title>Post</title>") -> Item:
    return parse(f"<rss version='2.0' {spaces}><channel>{head}<item>{item}</item></channel></rss>").items[0]


def atom(entry: str, head: str = "", space: str = ATOM) -> Item:
    return parse(f"<feed xmlns='{space}'><title>Post</title>{head}<entry>{entry}</entry></feed>").items[0]


@pytest.mark.parametrize(
    "space",
    [
        "http://purl.org/rss/1.0/modules/content/",
        "http://purl.org/rss/1.0/modules/content",
        "https://purl.org/rss/1.0/modules/content/",
        "HTTP://PURL.ORG/RSS/1.0/modules/content/#",
        "http://content.example/unknown",
    ],
)
@pytest.mark.parametrize("name", ["encoded", "Encoded"])
def test_content_is_read_under_any_spelling_of_its_namespace(space: str, name: str) -> None:
    item = rss(
        f"<title>T</title><description>short</description><content:{name}>long text</content:{name}>",
        f"xmlns:content='{space}'",
    )

    assert (item.summary, item.content) == ("short", "long text")


@pytest.mark.parametrize(
    ("space", "element", "field", "value"),
    [
        ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", "summary", "summary", "words"),
        ("https://www.itunes.com/dtds/podcast-1.0.dtd", "author", "author", "words"),
        ("http://itunes.com/dtds/podcast-1.0.dtd/", "subtitle", "summary", "words"),
        ("http://www.itunes.com/dtds/podcast-1.0.dtd", "title", "title", "words"),
        ("http://www.google.com/schemas/play-podcasts/1.0/", "description", "summary", "words"),
        ("http://search.yahoo.com/mrss", "description", "summary", "words"),
        ("https://search.yahoo.com/mrss/", "title", "title", "words"),
        ("http://purl.org/dc/elements/1.0/", "creator", "author", "words"),
        ("https://purl.org/dc/elements/1.1", "creator", "author", "words"),
        ("http://purl.org/dc/terms", "title", "title", "words"),
        ("http://www.w3.org/2005/Atom/", "summary", "summary", "words"),
        ("http://purl.org/atom/ns#", "content", "summary", "words"),
    ],
)
def test_module_is_read_under_any_spelling_of_its_namespace(space: str, element: str, field: str, value: str) -> None:
    item = rss(f"<guid>g</guid><x:{element}>{value}</x:{element}>", f"xmlns:x='{space}'")

    assert getattr(item, field) == value


@pytest.mark.parametrize("prefix", ["dc", "DC", "Dc"])
def test_known_prefix_counts_where_it_is_not_declared(prefix: str) -> None:
    assert rss(f"<title>T</title><{prefix}:creator>Ana Lind</{prefix}:creator>").author == "Ana Lind"


@pytest.mark.parametrize("write", [str.lower, str.upper, str.title])
def test_elements_of_rss_are_read_in_any_case(write: object) -> None:
    def element(name: str, text: str) -> str:
        written = write(name)  # type: ignore[operator]
        return f"<{written}>{text}</{written}>"

    item = parse(
        f"<{write('rss')}><{write('channel')}>{element('title', 'Post')}<{write('item')}>"  # type: ignore[operator]
        f"{element('title', 'T')}{element('link', 'https://post.example/1')}{element('guid', 'g')}"
        f"{element('pubdate', 'Wed, 04 Mar 2026 12:00:00 GMT')}{element('description', 'words')}"
        f"{element('category', 'Sea')}</{write('item')}></{write('channel')}></{write('rss')}>"  # type: ignore[operator]
    ).items[0]

    assert (item.title, item.url, item.guid, item.summary, item.tags) == (
        "T",
        "https://post.example/1",
        "g",
        "words",
        ("Sea",),
    )
    assert item.published_at is not None


@pytest.mark.parametrize(
    "space",
    [ATOM, "http://purl.org/rss/1.0/", "http://www.w3.org/1999/xhtml", "urn:any", "http://backend.userland.com/RSS2"],
)
@pytest.mark.parametrize("where", ["rss", "channel", "item"])
def test_rss_is_read_under_any_default_namespace(space: str, where: str) -> None:
    spaces = {where: f" xmlns='{space}'"}

    parsed = parse(
        f"<rss version='2.0'{spaces.get('rss', '')}><channel{spaces.get('channel', '')}><title>Post</title>"
        f"<link>https://post.example/</link><item{spaces.get('item', '')}><title>T</title><link>https://post.example/1</link>"
        "<description>words</description></item></channel></rss>"
    )

    assert (parsed.title, parsed.site_url) == ("Post", "https://post.example/")
    assert [(item.title, item.url, item.summary) for item in parsed.items] == [("T", "https://post.example/1", "words")]


@pytest.mark.parametrize(
    "document",
    [
        "<Channel xmlns='http://purl.org/net/rss1.1#' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<title>Post</title><link>https://post.example/</link><items rdf:parseType='Collection'>"
        "<item rdf:about='https://post.example/1'><title>T</title><link>https://post.example/1</link></item></items></Channel>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>"
        "<channel><title>Post</title></channel><item><title>T</title><link>https://post.example/1</link></item></rdf:RDF>",
        "<rss version='2.0'><item><title>T</title><link>https://post.example/1</link></item></rss>",
        "<rss version='2.0'><channel><title>a</title></channel><channel><title>b</title>"
        "<item><title>T</title><link>https://post.example/1</link></item></channel></rss>",
        f"<entry xmlns='{ATOM}'><title>T</title><link href='https://post.example/1'/></entry>",
        "<?xml version='1.0'?>\n<!-- an entry -->\n"
        f"<a:entry xmlns:a='{ATOM}'><a:title>T</a:title><a:link href='https://post.example/1'/></a:entry>",
        "<feed><title>Post</title><entry><title>T</title><link href='https://post.example/1'/></entry></feed>",
        "<feed xmlns='https://www.w3.org/2005/atom/'><entry><title>T</title><link>https://post.example/1</link></entry></feed>",
    ],
    ids=["RSS 1.1", "RSS 0.90", "no channel", "two channels", "entry", "entry with prefix", "no namespace", "misspelt"],
)
def test_document_of_another_form_is_read(document: str) -> None:
    assert [(item.title, item.url) for item in parse(document).items] == [("T", "https://post.example/1")]


@pytest.mark.parametrize(
    ("document", "kind", "words"),
    [
        (
            "<?xml version='1.0'?><opml version='2.0'><head><title>My feeds</title></head><body/></opml>",
            "not-feed",
            "opml",
        ),
        ("<svg xmlns='http://www.w3.org/2000/svg'><title>A map</title></svg>", "not-feed", "svg"),
        ("<catalogue><entry><title>x</title></entry></catalogue>", "not-feed", "catalogue"),
        ("<html><head><title>Home</title></head></html>", "html", "Home"),
    ],
)
def test_what_is_no_feed_is_named(document: str, kind: str, words: str) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        parse(document)

    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link href='https://post.example/1'/>", "https://post.example/1"),
        ("<link>https://post.example/?a=1&amp;amp;b=2</link>", "https://post.example/?a=1&b=2"),
        (
            "<feedburner:origLink>not an address</feedburner:origLink><link>https://post.example/1</link>",
            "https://post.example/1",
        ),
        ("<guid isPermaLink='false'>https://post.example/1</guid>", "https://post.example/1"),
        (
            "<guid ispermalink='false'>https://post.example/g</guid><enclosure url='https://cdn.example/1.mp3'/>",
            "https://post.example/g",
        ),
        ("<guid>HTTP://post.example/1</guid>", "http://post.example/1"),
        ("<atom:link rel='self' href='https://post.example/self'/>", "https://post.example/self"),
        (
            "<guid isPermaLink='false'>e1</guid><enclosure url='https://cdn.example/1.mp3'/>",
            "https://cdn.example/1.mp3",
        ),
        ("<media:content url='https://cdn.example/1.mp4'/>", "https://cdn.example/1.mp4"),
    ],
)
def test_address_of_an_rss_item_is_the_best_there_is(item: str, url: str) -> None:
    assert rss(f"<title>T</title>{item}", f"xmlns:media='{MEDIA}'").url == url


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("<link>https://post.example/1</link>", "https://post.example/1"),
        ("<link rel='http://www.iana.org/assignments/relation/alternate' href='/1'/>", "https://feeds.post.example/1"),
        ("<link rel='ALTERNATE' HREF='/1'/>", "https://feeds.post.example/1"),
        ("<link rel='self' href='https://post.example/self'/>", "https://post.example/self"),
        (
            "<link rel='self' href='https://post.example/self'/><id>https://post.example/id</id>",
            "https://post.example/id",
        ),
        ("<content type='text/html' src='https://post.example/src'/>", "https://post.example/src"),
        ("<link rel='enclosure' href='https://cdn.example/1.mp3'/>", "https://cdn.example/1.mp3"),
    ],
)
def test_address_of_an_atom_entry_is_the_best_there_is(entry: str, url: str) -> None:
    assert atom(f"<title>T</title>{entry}").url == url


@pytest.mark.parametrize(
    ("item", "summary", "content"),
    [
        ("<description>&lt;img src='x'/&gt;</description><itunes:summary>The show</itunes:summary>", "The show", ""),
        (
            "<description>Episode 3</description><itunes:summary>Notes about the port</itunes:summary>",
            "Episode 3",
            "Notes about the port",
        ),
        (
            "<description>A long description</description><itunes:summary>short</itunes:summary>",
            "A long description",
            "",
        ),
        ("<itunes:subtitle>Only this</itunes:subtitle>", "Only this", ""),
        (
            "<media:content url='https://x.test/a'><media:description>A caption</media:description></media:content>",
            "A caption",
            "",
        ),
        ("<media:description>A caption</media:description><description>words</description>", "words", ""),
        ("<media:description>A caption</media:description><content:encoded>words</content:encoded>", "words", ""),
        ("<description>one</description><description>another one</description>", "one", "another one"),
        (
            "<content:encoded>a</content:encoded><description>b</description><content:encoded>cc</content:encoded>",
            "b",
            "cc",
        ),
        ("<atom:content type='html'>&lt;p&gt;words&lt;/p&gt;</atom:content>", "words", ""),
        ("<description>Dock &lt;b&gt;five&lt;/b&gt;</description>", "Dock five", ""),
        (
            "<description>&amp;lt;p&amp;gt;Dock &amp;lt;b&amp;gt;5&amp;lt;/b&amp;gt;&amp;lt;/p&amp;gt;</description>",
            "Dock 5",
            "",
        ),
        ("<description><img src='x'/><![CDATA[<p>Dock <b>five</b></p>]]></description>", "Dock five", ""),
        ("<description>Caf&amp;amp;eacute; &amp;amp;amp; bar</description>", "Café & bar", ""),
        ("<description>&lt;![CDATA[The port]]&gt;</description>", "The port", ""),
        ("<description>Where n&lt;k the zebra crossing</description>", "Where n<k the zebra crossing", ""),
        (
            "<description>&lt;p&gt;if a&lt;b then&lt;/p&gt;&lt;p&gt;more&lt;/p&gt;</description>",
            "if a<b then\nmore",
            "",
        ),
        ("<description>How the &lt;table&gt; element won</description>", "How the <table> element won", ""),
        ("<description>Set &lt;title&gt; first&lt;br/&gt;then stop</description>", "Set <title> first\nthen stop", ""),
        (
            "<description>&lt;center&gt;one&lt;/center&gt;two&lt;button&gt;three&lt;/button&gt;four</description>",
            "one\ntwo\nthree\nfour",
            "",
        ),
        (
            "<description>&lt;details&gt;&lt;summary&gt;one&lt;/summary&gt;two&lt;/details&gt;</description>",
            "one\ntwo",
            "",
        ),
        ("<description>&lt;iframe src='x'/&gt;after the frame</description>", "after the frame", ""),
    ],
)
def test_text_of_an_item_is_kept_and_split(item: str, summary: str, content: str) -> None:
    spaces = (
        f"xmlns:content='{CONTENT}' xmlns:media='{MEDIA}' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    )

    read = rss(f"<title>T</title>{item}", f"{spaces} xmlns:atom='{ATOM}'")

    assert (read.summary, read.content) == (summary, content)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Why x&lt;y matters", "Why x<y matters"),
        ("How the &lt;table&gt; element won", "How the <table> element won"),
        ("&lt;b&gt;Five&lt;/b&gt; boats", "Five boats"),
        ("&lt;em&gt;Five boats", "Five boats"),
        ("&lt;![CDATA[Ports close]]&gt;", "Ports close"),
        ("I &lt;3 the port, and I &lt;/3 the fog", "I <3 the port, and I </3 the fog"),
        ("Fish &amp;amp; chips, R&amp;D", "Fish & chips, R&D"),
        ("mail &lt;desk@post.example&gt; now", "mail <desk@post.example> now"),
        ("Use &lt;script&gt; with care", "Use <script> with care"),
        ("Line one&lt;br&gt;line two", "Line one line two"),
        ("gnp.&#x202e;gpj.exe", "gnp.gpj.exe"),
        ("&#x2067;open isolate", "open isolate"),
        ("&#x202b;\u0634\u0639\u0628&#x202c; &#x200f;x", "\u202b\u0634\u0639\u0628\u202c \u200fx"),
    ],
)
def test_words_of_a_headline_are_kept(written: str, title: str) -> None:
    assert rss(f"<title>{written}</title>").title == title


@pytest.mark.parametrize(
    ("construct", "title"),
    [
        ("<title type='text'>How the &lt;table&gt; element won</title>", "How the <table> element won"),
        ("<title>Use &lt;b&gt; sparingly</title>", "Use <b> sparingly"),
        ("<title type='text'>AT&amp;T and &lt;nav&gt;</title>", "AT&T and <nav>"),
        ("<title>&lt;b&gt;Five&lt;/b&gt; boats</title>", "Five boats"),
        ("<title type='html'>Five &amp;lt;nav&amp;gt; boats</title>", "Five <nav> boats"),
        (
            "<title type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'>Less: <h:em>&lt;</h:em></h:div></title>",
            "Less: <",
        ),
    ],
)
def test_text_construct_of_atom_is_literal(construct: str, title: str) -> None:
    assert atom(construct).title == title


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ("<author>&lt;a href='x'&gt;Ann&lt;/a&gt;&amp;nbsp;Lee</author>", "Ann Lee"),
        (
            "<dc:creator>Ann Lee</dc:creator><dc:creator>Bo Ek</dc:creator><dc:creator>Ann Lee</dc:creator>",
            "Ann Lee, Bo Ek",
        ),
        ("<atom:author><atom:name>Ann Lee</atom:name></atom:author>", "Ann Lee"),
        ("<author>desk@post.example (Ann Lee)</author>", "desk@post.example (Ann Lee)"),
        ("<author>Ann Lee &lt;ann@post.example&gt;</author>", "Ann Lee <ann@post.example>"),
    ],
)
def test_author_of_an_rss_item_is_text(item: str, author: str) -> None:
    assert rss(f"<title>T</title>{item}", f"xmlns:atom='{ATOM}' xmlns:dc='{DC}/elements/1.1/'").author == author


@pytest.mark.parametrize(
    ("head", "entry", "author"),
    [
        ("<author><name>Ann</name></author><author><name>Bo</name></author>", "", "Ann, Bo"),
        ("<author><email>ann@post.example</email></author>", "", "ann@post.example"),
        ("<author><name>Ann</name></author>", "<source><author><name>Cy</name></author></source>", "Cy"),
        ("<author><name>Ann</name></author>", "<author><name>Bo</name></author>", "Bo"),
        ("", "<author>Ann Lee</author>", "Ann Lee"),
    ],
)
def test_author_of_an_atom_entry_is_the_nearest(head: str, entry: str, author: str) -> None:
    assert atom(f"<title>T</title>{entry}", head).author == author


def test_tags_escaped_once_too_often_are_read() -> None:
    assert rss("<title>T</title><category>Fish &amp;amp; Chips</category>").tags == ("Fish & Chips",)


def test_broken_date_hides_no_good_one() -> None:
    item = rss(
        "<title>T</title><pubDate>soon</pubDate><dc:date>2026-03-04T12:00:00Z</dc:date>",
        f"xmlns:dc='{DC}/elements/1.1/'",
    )
    entry = atom("<title>T</title><published>?</published><updated>2026-03-04T12:00:00Z</updated>")

    assert item.published_at is not None
    assert item.published_at == entry.published_at
    assert not item.date_doubtful


def test_feed_is_titled_and_placed_as_its_items_are() -> None:
    parsed = parse(
        f"<rss version='2.0' xmlns:dc='{DC}/elements/1.1/' xmlns:atom='{ATOM}'><channel>"
        "<dc:title>ActualitÃ©s</dc:title><atom:link rel='alternate' href='https://post.example/'/>"
        "<item><title>T</title></item></channel></rss>"
    )

    assert (parsed.title, parsed.site_url) == ("Actualités", "https://post.example/")


MP3 = Enclosure(url="https://cdn.example/1.mp3", type="audio/mpeg", bytes=1234)


def test_enclosures_are_read() -> None:
    enclosure = "<enclosure url='https://cdn.example/1.mp3' type='audio/mpeg' length='1234'/>"
    media = f"<media:group xmlns:media='{MEDIA}'><media:content url='https://cdn.example/2.mp4'/></media:group>"
    link = "<link rel='enclosure' href='https://cdn.example/1.mp3' type='audio/mpeg' length='1234'/>"

    assert rss(f"<title>T</title>{media}{enclosure}").enclosures == (MP3, Enclosure(url="https://cdn.example/2.mp4"))
    assert atom(f"<title>T</title>{link}").enclosures == (MP3,)


def test_enclosures_are_bounded_and_no_edit() -> None:
    many = "".join(f"<enclosure url='https://cdn.example/{number}.mp3' length='x'/>" for number in range(100))

    with_many, with_none = (
        rss(f"<title>T</title><guid>g</guid><link>/1</link>{many}"),
        rss("<title>T</title><guid>g</guid><link>/1</link>"),
    )

    assert len(with_many.enclosures) == 20
    assert with_many.mark == with_none.mark


JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Post", %s "items": [{"id": "https://post.example/1",
"title": "Use <nav> sparingly", "content_text": "A <b>literal</b> text &amp; more",
"attachments": [{"url": "https://cdn.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234}] %s}]}"""


@pytest.mark.parametrize(
    ("feed", "item", "author"),
    [
        ('"authors": [{"name": "Ann"}, {"name": "Bo"}],', "", "Ann, Bo"),
        ('"author": {"name": "Ann"},', "", "Ann"),
        ('"authors": {"name": "Ann"},', "", "Ann"),
        ('"authors": [{"name": "Ann"}],', ', "authors": [{"name": " "}, {"name": "Cy"}, {"name": "Cy"}]', "Cy"),
        ('"authors": [{"name": "Ann"}],', ', "authors": [{"name": ""}]', "Ann"),
        ("", ', "authors": ["Cy"]', "Cy"),
    ],
)
def test_json_feed_is_read_by_its_specification(feed: str, item: str, author: str) -> None:
    read = parse(JSON % (feed, item)).items[0]

    assert read.author == author
    assert (read.title, read.url) == ("Use <nav> sparingly", "https://post.example/1")
    assert read.summary == "A <b>literal</b> text &amp; more"
    assert read.enclosures == (MP3,)


SPLITS = [
    "<description>short</description><content:encoded>long text</content:encoded>",
    "<content:encoded>long text</content:encoded><description>short</description>",
    "<description>short</description><media:content><media:description>caption</media:description></media:content>"
    "<content:encoded>long text</content:encoded>",
    "<description>short</description><itunes:summary>a longer summary</itunes:summary>",
    "<itunes:summary>a longer summary</itunes:summary><content:encoded>long text</content:encoded>",
    "<media:description>caption</media:description>",
]


@pytest.mark.parametrize("item", SPLITS)
def test_feedparser_and_the_quick_reader_split_alike(item: str) -> None:
    spaces = (
        f"xmlns:content='{CONTENT}' xmlns:media='{MEDIA}' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    )
    document = f"<rss version='2.0' {spaces}><channel><item><title>T</title>{item}</item></channel></rss>".encode()

    quick, judged = parse_bytes(document, URL), read_loosely(document, URL)

    assert quick.parser == "quick"
    assert [(read.summary, read.content) for read in quick.items] == [
        (read.summary, read.content) for read in judged.items
    ]


@pytest.mark.parametrize(
    ("element", "field", "value"),
    [
        ("<summary>words</summary>", "summary", "words"),
        ("<abstract>words</abstract>", "summary", "words"),
        ("<tagline>words</tagline>", "summary", "words"),
        ("<content>words</content>", "summary", "words"),
        ("<fullitem>words</fullitem>", "summary", "words"),
        ("<yandex:full-text xmlns:yandex='http://news.yandex.ru'>words</yandex:full-text>", "summary", "words"),
        ("<creator>Ann</creator>", "author", "Ann"),
        ("<keywords>port, strike</keywords>", "tags", ("port", "strike")),
        (f"<m:keywords xmlns:m='{MEDIA}'>port,strike,</m:keywords>", "tags", ("port", "strike")),
        (f"<m:category xmlns:m='{MEDIA}'>port</m:category>", "tags", ("port",)),
    ],
)
def test_rss_is_read_as_people_write_it(element: str, field: str, value: object) -> None:
    document = f"<rss version='2.0'><channel><title>P</title><item><title>T</title>{element}</item></channel></rss>"

    assert getattr(parse(document).items[0], field) == value
    if not element.startswith(("<yandex", "<creator", "<keywords")):  # feedparser does not know, or split, these
        assert getattr(read_loosely(document.encode(), URL).items[0], field) == value


@pytest.mark.parametrize("name", ["published", "issued", "date", "created", "updated", "modified"])
def test_rss_item_is_dated_by_the_names_of_atom(name: str) -> None:
    assert rss(f"<title>T</title><{name}>2026-11-26T14:30:00Z</{name}>").published_at == datetime(
        2026, 11, 26, 14, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("element", "field", "value"),
    [
        ("<description>words</description>", "summary", "words"),
        ("<body>words</body>", "summary", "words"),
        (
            "<pubDate>Thu, 26 Nov 2026 14:30:00 GMT</pubDate>",
            "published_at",
            datetime(2026, 11, 26, 14, 30, tzinfo=UTC),
        ),
        ("<guid>http://s.test/1</guid>", "url", "http://s.test/1"),
        ("<enclosure url='http://s.test/1.mp3'/>", "url", "http://s.test/1.mp3"),
        ("<keywords>port, strike</keywords>", "tags", ("port", "strike")),
    ],
)
def test_atom_entry_is_read_as_people_write_it(element: str, field: str, value: object) -> None:
    assert getattr(atom(f"<title>T</title>{element}"), field) == value


@pytest.mark.parametrize(
    "link", ["javascript:void(0)", "mailto:desk@post.example", "tag:post.example,2026:1", "about:blank"]
)
@pytest.mark.parametrize(
    ("other", "url"),
    [
        ("<guid>http://s.test/1</guid>", "http://s.test/1"),
        ("<guid isPermaLink='false'>http://s.test/1</guid>", None),
        ("<guid>17</guid><enclosure url='http://s.test/1.mp3'/>", "http://s.test/1.mp3"),
        ("<guid>17</guid>", None),
    ],
)
def test_link_that_is_no_address_hides_no_other(link: str, other: str, url: str | None) -> None:
    assert rss(f"<title>T</title><link>{link}</link>{other}").url == url

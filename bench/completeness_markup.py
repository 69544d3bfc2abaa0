"""The formats and dialects that publishers serve, one function each: a channel and its items in, a document out.

What a dialect does is what the software of that name does: its namespaces, the elements it writes and leaves out, where
it puts the text, and how it escapes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

CONTENT = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
ATOM = 'xmlns:atom="http://www.w3.org/2005/Atom"'
MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'
SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
PODCAST = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0"'
)
# Apple's own early spelling, which old podcasts still write.
EARLY_PODCAST = 'xmlns:itunes="http://www.itunes.com/DTDs/Podcast-1.0.dtd"'


@dataclass(frozen=True, slots=True)
class Item:
    """An item as its publisher means it."""

    number: int
    title: str
    paragraphs: tuple[str, ...]
    at: datetime
    guid: str | None
    link: str | None
    author: str

    @property
    def html(self) -> str:
        return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in self.paragraphs)

    @property
    def digest(self) -> str:
        """Return 32 hexadecimal digits, as the addresses of pictures carry them; they do not compress."""
        return hashlib.md5(f"{self.link}{self.number}{self.title}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Channel:
    """What a document says of itself."""

    title: str
    host: str
    language: str
    at: datetime
    encoding: str = "utf-8"


Dialect = Callable[[Channel, Sequence[Item]], str]


def _element(name: str, text: str | None, attributes: str = "") -> str:
    return "" if text is None else f"<{name}{attributes}>{escape(text, quote=False)}</{name}>"


def _cdata(name: str, text: str) -> str:
    return f"<{name}><![CDATA[{text}]]></{name}>"


def _rss(
    channel: Channel, items: Sequence[str], namespaces: str, extra: str = "", version: str = ' version="2.0"'
) -> str:
    return (
        f'<?xml version="1.0" encoding="{channel.encoding.upper()}"?>\n<rss{version} {namespaces}>\n<channel>\n'
        f"{_element('title', channel.title)}<link>https://{channel.host}/</link>"
        f"{_element('description', channel.title)}<language>{channel.language}</language>"
        f"<lastBuildDate>{format_datetime(channel.at)}</lastBuildDate>{extra}\n{''.join(items)}</channel>\n</rss>\n"
    )


def _headline(item: Item) -> str:
    return _element("title", item.title) + _element("link", item.link)


def _date(item: Item) -> str:
    return _element("pubDate", format_datetime(item.at))


def _enclosure(channel: Channel, item: Item) -> str:
    size = 9_000_000 + item.number
    return f'<enclosure url="https://cdn.{channel.host}/{item.digest}.mp3" length="{size}" type="audio/mpeg"/>'


def _guid(item: Item) -> str:
    permalink = "true" if item.guid == item.link else "false"
    return _element("guid", item.guid, f' isPermaLink="{permalink}"')


def write_wordpress(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS 2.0 as WordPress does: an excerpt, the article in content:encoded, and the comments' addresses."""
    namespaces = (
        f'{CONTENT} xmlns:wfw="http://wellformedweb.org/CommentAPI/" {DC} {ATOM} {SY}'
        ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    )
    written = [
        f"<item>\n{_headline(item)}\n<comments>{item.link}#respond</comments>"
        f"{_cdata('dc:creator', item.author)}{_date(item)}"
        f"{_cdata('category', item.author.split()[0])}{_guid(item)}\n"
        f"{_cdata('description', f'<p>{escape(item.paragraphs[0])} [&#8230;]</p>')}"
        f"{_cdata('content:encoded', item.html)}\n"
        f"<wfw:commentRss>{item.link}feed/</wfw:commentRss><slash:comments>3</slash:comments>\n</item>\n"
        for item in items
    ]
    extra = (
        f'<atom:link href="https://{channel.host}/feed/" rel="self" type="application/rss+xml" />'
        "<sy:updatePeriod>hourly</sy:updatePeriod><generator>https://wordpress.org/?v=6.8.1</generator>"
    )
    return _rss(channel, written, namespaces, extra)


def write_newspaper(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS 2.0 as large newspapers do: escaped HTML, pictures of several widths with captions, Dublin Core."""
    written = []
    for item in items:
        picture = f"https://img.{channel.host}/media/{item.digest}/master/3000.jpg"
        widths = "".join(
            f'<media:content width="{width}" url="{picture}?width={width}&amp;s={item.digest[::step]}{item.digest}">'
            f"{_element('media:credit', item.author, ' scheme=' + chr(34) + 'urn:ebu' + chr(34))}</media:content>"
            for width, step in ((140, -1), (460, 1), (700, -3))
        )
        written.append(
            f"<item>{_headline(item)}"
            f"<description>{escape(item.html)}</description>"
            f'<category domain="https://{channel.host}/news">{item.author.split()[0]}</category>'
            f"{_date(item)}{_guid(item)}{widths}"
            f"{_element('dc:creator', item.author)}<dc:date>{item.at:%Y-%m-%dT%H:%M:%SZ}</dc:date></item>\n"
        )
    return _rss(channel, written, f"{MEDIA} {DC}")


def write_plain(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS 2.0 with as little as it takes: headline, link, text, date, guid."""
    written = [
        f"<item>{_headline(item)}<description>{escape(item.html)}</description>{_date(item)}{_guid(item)}</item>\n"
        for item in items
    ]
    return _rss(channel, written, ATOM)


def write_unversioned(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS without a version, headlines in CDATA, dates by Dublin Core alone."""
    written = [
        f"<item>{_cdata('title', item.title)}{_element('link', item.link)}{_cdata('description', item.html)}"
        f"<dc:date>{item.at.isoformat()}</dc:date>{_guid(item)}</item>\n"
        for item in items
    ]
    return _rss(channel, written, DC, version="")


def write_microblog(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS 2.0 as Mastodon does: posts without a headline, the address as guid."""
    written = [
        f"<item>{_guid(item)}{_element('link', item.link)}{_date(item)}"
        f"<description>{escape(item.html)}</description>"
        f'<media:content url="https://files.{channel.host}/{item.digest}.png" type="image/png" medium="image">'
        '<media:rating scheme="urn:simple">nonadult</media:rating></media:content></item>\n'
        for item in items
    ]
    return _rss(channel, written, 'xmlns:webfeeds="http://webfeeds.org/rss/1.0" ' + MEDIA)


def write_podcast(channel: Channel, items: Sequence[Item], namespaces: str = f"{PODCAST} {CONTENT}") -> str:
    """Write RSS 2.0 as podcast hosts do: enclosures, and the notes once more under Apple's names."""
    written = [
        f"<item>{_headline(item)}{_element('itunes:title', item.title)}{_guid(item)}"
        f"{_date(item)}{_cdata('description', item.html)}"
        f"{_element('itunes:summary', item.paragraphs[0])}{_element('itunes:author', item.author)}"
        f"{_enclosure(channel, item)}"
        f"<itunes:duration>31:15</itunes:duration><itunes:episode>{item.number}</itunes:episode></item>\n"
        for item in items
    ]
    owner = "<itunes:owner><itunes:name>Studio</itunes:name></itunes:owner><itunes:explicit>false</itunes:explicit>"
    return _rss(channel, written, namespaces, owner)


def write_early_podcast(channel: Channel, items: Sequence[Item]) -> str:
    """Write the same under the namespace's first spelling."""
    return write_podcast(channel, items, EARLY_PODCAST)


def write_enclosures(channel: Channel, items: Sequence[Item]) -> str:
    """Write items that have a headline, a date and a recording: no guid, no link, no text."""
    written = [
        f"<item>{_element('title', item.title)}{_date(item)}{_enclosure(channel, item)}</item>\n" for item in items
    ]
    return _rss(channel, written, ATOM)


def write_rss_092(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS 0.92: neither guids nor dates."""
    written = [f"<item>{_headline(item)}<description>{escape(item.html)}</description></item>\n" for item in items]
    return _rss(channel, written, ATOM, version=' version="0.92"')


def write_rdf(channel: Channel, items: Sequence[Item]) -> str:
    """Write RSS 1.0 (RDF): items beside the channel, which lists them."""
    listed = "".join(f'<rdf:li rdf:resource="{escape(item.link or "")}"/>' for item in items)
    written = "".join(
        f'<item rdf:about="{escape(item.link or "")}">{_headline(item)}'
        f"<description>{escape(item.html)}</description>{_element('dc:creator', item.author)}"
        f"<dc:date>{item.at.isoformat()}</dc:date></item>\n"
        for item in items
    )
    return (
        f'<?xml version="1.0" encoding="{channel.encoding}"?>\n'
        '<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        f' {DC} {SY} xml:lang="{channel.language}">\n<channel rdf:about="https://{channel.host}/">'
        f"{_element('title', channel.title)}<link>https://{channel.host}/</link>"
        f"{_element('description', channel.title)}<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n"
        f"{written}</rdf:RDF>\n"
    )


def _atom(channel: Channel, entries: Sequence[str], namespaces: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="{channel.encoding}"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{channel.language}"{namespaces}>\n'
        f"{_element('title', channel.title)}<id>tag:{channel.host},2026:feed</id>"
        f"<updated>{channel.at.isoformat()}</updated>"
        f'<link rel="alternate" type="text/html" href="https://{channel.host}/"/>\n{"".join(entries)}</feed>\n'
    )


def _entry(item: Item, text: str) -> str:
    return (
        f"<entry>{_element('id', item.guid)}{_element('title', item.title)}<published>{item.at.isoformat()}</published>"
        f"<updated>{item.at.isoformat()}</updated>"
        f'<link rel="alternate" type="text/html" href="{escape(item.link or "")}"/>'
        f"<author>{_element('name', item.author)}</author>{text}</entry>\n"
    )


def write_blog(channel: Channel, items: Sequence[Item]) -> str:
    """Write Atom as blogs do: the article as escaped HTML."""
    return _atom(channel, [_entry(item, f'<content type="html">{escape(item.html)}</content>') for item in items])


def write_xhtml(channel: Channel, items: Sequence[Item]) -> str:
    """Write Atom with the article as XHTML."""
    opened = '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
    return _atom(channel, [_entry(item, f"{opened}{item.html}</div></content>") for item in items])


def write_videos(channel: Channel, items: Sequence[Item]) -> str:
    """Write Atom as video platforms do: the text within a media:group."""
    namespaces = f' xmlns:yt="http://www.youtube.com/xml/schemas/2015" {MEDIA}'
    written = [
        _entry(
            item,
            f"<yt:videoId>{item.digest[:11]}</yt:videoId><media:group>{_element('media:title', item.title)}"
            f'<media:content url="https://{channel.host}/v/{item.digest[:11]}" width="640" height="390"/>'
            f"{_element('media:description', ' '.join(item.paragraphs))}</media:group>",
        )
        for item in items
    ]
    return _atom(channel, written, namespaces)


def write_warnings(channel: Channel, items: Sequence[Item]) -> str:
    """Write Atom as weather services do: a summary, and the warning's terms under the CAP namespace."""
    written = [
        _entry(
            item,
            f"{_element('summary', item.paragraphs[0])}<cap:event>Gale</cap:event><cap:severity>Severe</cap:severity>"
            f"<cap:effective>{item.at.isoformat()}</cap:effective>{_element('cap:areaDesc', item.author)}",
        )
        for item in items
    ]
    return _atom(channel, written, ' xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"')


def _json(channel: Channel, items: Sequence[dict[str, Any]], version: str) -> str:
    head = {
        "version": f"https://jsonfeed.org/version/{version}",
        "title": channel.title,
        "home_page_url": f"https://{channel.host}/",
        "feed_url": f"https://{channel.host}/feed.json",
    }
    return json.dumps(head | {"items": items}, ensure_ascii=False, indent=1)


def write_json_1(channel: Channel, items: Sequence[Item]) -> str:
    """Write JSON Feed 1, ids as numbers, as the specification asks readers to bear."""
    written = [
        {"id": item.number, "url": item.link, "title": item.title, "content_html": item.html,
         "date_published": item.at.isoformat(), "author": {"name": item.author}}
        for item in items
    ]  # fmt: skip
    return _json(channel, written, "1")


def write_json_1_1(channel: Channel, items: Sequence[Item]) -> str:
    """Write JSON Feed 1.1, plain text, with authors and a language."""
    written = [
        {"id": item.guid, "url": item.link, "title": item.title, "content_text": "\n\n".join(item.paragraphs),
         "date_published": item.at.isoformat(), "authors": [{"name": item.author}], "language": channel.language}
        for item in items
    ]  # fmt: skip
    return _json(channel, written, "1.1")

"""The 35 invented feeds of bench/completeness.py and their 984 items: thirty ordinary ones and five hard ones.

Everything follows from a feed's name and an item's number, so a document is the same, byte for byte, in every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import completeness_markup as markup
from completeness_markup import Channel, Dialect, Item
from completeness_words import invent_headline, invent_paragraphs, join_words

START = datetime(2026, 11, 20, 6, tzinfo=UTC)
TOTAL = 984
BOT_CHECK = b"""<!DOCTYPE html><html lang="en"><head><title>One moment, please</title>
<meta name="robots" content="noindex"><meta http-equiv="refresh" content="15"></head>
<body><h1>Checking that you are human</h1><noscript>Enable JavaScript and cookies to continue</noscript>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>"""
"""What a guard before a site sends in place of the feed, with status 200."""


_PAGE = "https://{host}/2026/11/{n}/"
_ATOM = (markup.write_blog, markup.write_xhtml, markup.write_videos, markup.write_warnings)
_FORMATS = {markup.write_rdf: "rdf", **dict.fromkeys(_ATOM, "atom")}


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: what stands in it and how it is served."""

    name: str
    kind: str
    language: str
    count: int
    dialect: Dialect
    paragraphs: int = 2
    guid: str | None = "https://{host}/?p={n}"
    link: str | None = _PAGE
    headlines: bool = True
    standing_headlines: bool = False
    pairs: bool = False
    """Whether two items at a time have one date; with {half}, one guid and link as well."""
    encoding: str = "utf-8"
    coding: str = "gzip"
    piece: int = 0
    """Bytes sent at once; 0 for the whole body."""
    chunked: bool = False
    leading: str = ""
    """What stands before the XML declaration."""
    cut: bool = False
    """Whether the first edition ends in the middle of one more item."""

    @property
    def host(self) -> str:
        return f"{self.name}.example"

    @property
    def media_type(self) -> str:
        if self.dialect in (markup.write_json_1, markup.write_json_1_1):
            return "application/feed+json"
        charset = f"; charset={self.encoding}" if self.encoding != "utf-8" else ""
        return f"application/{_FORMATS.get(self.dialect, 'rss')}+xml{charset}"

    def item(self, number: int, edition: int = 1) -> Item:
        """Return the item of a number, the higher the newer, with the guid that it has in an edition."""
        rng = Random(f"{self.name}/{number}")
        names = {
            "host": self.host,
            "n": number,
            "edition": edition,
            "half": number // 2,
            "long": f"{rng.getrandbits(700):x}",
        }
        title = invent_headline(rng, self.language) if self.headlines else ""
        if self.standing_headlines and number % 4 == 0:
            title = "Evening bulletin"
        age = self.count - (number // 2 * 2 if self.pairs else number)
        return Item(
            number=number,
            title=title,
            paragraphs=tuple(invent_paragraphs(rng, self.language, rng.randint(1, 2 * self.paragraphs - 1))),
            at=START - timedelta(minutes=97 * age),
            guid=self.guid and self.guid.format(**names),
            link=self.link and self.link.format(**names),
            author=join_words(rng, self.language, 2).title(),
        )

    def items(self, edition: int) -> list[Item]:
        """Return what an edition brings: all but the newest item in the first, that one in the second.

        An item that is cut off in the first edition belongs to the second, in which it is whole.
        """
        if edition == 1:
            return [self.item(number) for number in range(self.count, 0, -1)]
        return [self.item(number) for number in (self.count + 1, *([0] if self.cut else []))]

    def document(self, edition: int) -> bytes:
        """Write the document of an edition, which holds the items of those before it as well."""
        newest = self.count + (edition > 1)
        items = [self.item(number, edition) for number in range(newest, -1 if self.cut else 0, -1)]
        channel = Channel(
            f"{join_words(Random(self.name), self.language, 2).title()} {self.name}",
            self.host,
            self.language,
            START + timedelta(hours=edition),
            self.encoding,
        )
        text = self.leading + self.dialect(channel, items)
        if self.cut and edition == 1:
            text = text[: text.rindex(items[-1].paragraphs[-1]) + 40]
        return text.encode(self.encoding, "xmlcharrefreplace")


def _ordinary() -> Iterator[Feed]:
    opaque, tag = "{long}", "tag:{host},2026:{n}"
    # BBC News counts the editions of an item after the #; it is the same item.
    counted = "https://{host}/news/{n}#{edition}"
    kind = "XML"
    yield Feed("harbour-post", kind, "en", 20, markup.write_wordpress, 6)
    yield Feed("hafenblatt", kind, "de", 20, markup.write_wordpress, 8, coding="zstd", piece=1448)
    yield Feed("ouest-matin", kind, "fr", 10, markup.write_wordpress, 3, coding="identity", chunked=True, piece=700)
    yield Feed("limannews", kind, "tr", 30, markup.write_wordpress, 20, coding="br", piece=1448, chunked=True)
    yield Feed("herald", kind, "en", 55, markup.write_newspaper, 10, guid=_PAGE, coding="br")
    yield Feed("tribuna", kind, "es", 40, markup.write_newspaper, 12, coding="zstd")
    yield Feed("gazette", kind, "en", 30, markup.write_newspaper, guid=counted, piece=97)
    yield Feed("akhbar", kind, "ar", 25, markup.write_newspaper, coding="br")
    yield Feed("khabar", kind, "hi", 25, markup.write_newspaper, 4)
    yield Feed(
        "aggregator", kind, "en", 40, markup.write_plain, guid=opaque, link="https://{host}/rss/articles/{long}?oc=5"
    )
    yield Feed("court-filings", kind, "en", 30, markup.write_plain, guid=None, link="https://{host}/case?id={n}")
    yield Feed("noticias", kind, "pt", 15, markup.write_unversioned)
    yield Feed("old-wire", kind, "en", 20, markup.write_rss_092)
    yield Feed(
        "talk-radio", kind, "en", 25, markup.write_podcast, 4, guid="{long}", coding="zstd", chunked=True, piece=16_384
    )
    yield Feed("tavern-talk", kind, "en", 40, markup.write_early_podcast, guid=tag)
    yield Feed("slashnews", kind, "en", 15, markup.write_rdf)
    yield Feed("shimbun", kind, "ja", 20, markup.write_rdf, coding="br")
    yield Feed("weblog", kind, "uk", 25, markup.write_blog, 5, guid=tag)
    yield Feed("releases", kind, "en", 10, markup.write_blog, guid="tag:{host},2008:Repository/{n}/v1.{n}")
    yield Feed("essays", kind, "en", 8, markup.write_xhtml, 9, guid=tag)
    yield Feed("channel-nine", kind, "ko", 15, markup.write_videos, guid="yt:video:{n}", coding="br")
    yield Feed("gale-warnings", kind, "en", 46, markup.write_warnings, guid="urn:oid:2.49.0.1.840.0.{n}")
    kind = "JSON Feed"
    yield Feed("microsite", kind, "en", 25, markup.write_json_1, 3)
    yield Feed("tidning", kind, "de", 25, markup.write_json_1_1, guid=tag, coding="br")
    kind = "other charset"
    yield Feed("vedomosti", kind, "ru", 40, markup.write_plain, encoding="windows-1251")
    yield Feed("efimerida", kind, "el", 15, markup.write_plain, encoding="iso-8859-7", coding="identity")
    kind = "blanks before the declaration"
    yield Feed("yediot", kind, "he", 30, markup.write_plain, leading="\n\n")
    yield Feed("renmin", kind, "zh", 30, markup.write_newspaper, leading=" \r\n\t ", coding="br")
    yield Feed(
        "postes",
        "no headline",
        "fr",
        20,
        markup.write_microblog,
        guid="https://{host}/@desk/{n}",
        link="https://{host}/@desk/{n}",
    )
    yield Feed("cut-short", "cut in the last item", "en", 5, markup.write_plain, 4, cut=True)


def _hard() -> Iterator[Feed]:
    page, log, story = "https://{host}/live", "https://{host}/log#v{n}", "https://{host}/story-{half}"
    yield Feed("live-page", "one link, no guid", "en", 5, markup.write_plain, guid=None, link=page)
    yield Feed("changelog", "differ after # only", "en", 5, markup.write_plain, guid=log, link=log)
    yield Feed(
        "reused-id", "one guid, two headlines", "en", 12, markup.write_podcast, guid=story, link=story, pairs=True
    )
    yield Feed("broadsheet", "br, over 96 kB", "en", 200, markup.write_newspaper, 3, coding="br")
    yield Feed("recordings", "nothing but an enclosure", "en", 8, markup.write_enclosures, standing_headlines=True)


FEEDS = (*_ordinary(), *_hard())
assert len(FEEDS) == 35
assert sum(feed.count for feed in FEEDS) == TOTAL, sum(feed.count for feed in FEEDS)

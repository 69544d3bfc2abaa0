"""The namespaces of feeds in every spelling in use, and what the elements of a document are by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from lxml import etree

ATOM = "http://www.w3.org/2005/Atom"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
SY = "http://purl.org/rss/1.0/modules/syndication/"
XML = "http://www.w3.org/XML/1998/namespace"
XHTML = "http://www.w3.org/1999/xhtml"
MEDIA = "http://search.yahoo.com/mrss/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
GOOGLEPLAY = "http://www.google.com/schemas/play-podcasts/1.0"
FEEDBURNER = "http://rssnamespace.org/feedburner/ext/1.0"
YANDEX = "http://news.yandex.ru"
RSS = ""
"""RSS 2.0 has no namespace; what others use stands for it."""

PREFIXES = {
    "atom": ATOM, "atom10": ATOM, "atom03": ATOM, "a10": ATOM, "rdf": RDF, "dc": DC, "dcterms": DCTERMS,
    "content": CONTENT, "sy": SY, "xhtml": XHTML, "media": MEDIA, "itunes": ITUNES, "googleplay": GOOGLEPLAY,
    "feedburner": FEEDBURNER, "yandex": YANDEX,
}  # fmt: skip
"""What a prefix means that is not declared, or declared as a namespace that nobody knows."""

_SPELLINGS = {
    ATOM: ("w3.org/2005/atom", "purl.org/atom/ns", "purl.org/atom"),
    RSS: (
        "purl.org/rss/1.0", "purl.org/net/rss1.1", "my.netscape.com/rdf/simple/0.9",
        "channel.netscape.com/rdf/simple/0.9", "backend.userland.com/rss", "backend.userland.com/rss2",
        "backend.userland.com/rss091", "backend.userland.com/rss092", "blogs.law.harvard.edu/tech/rss",
        "cyber.law.harvard.edu/rss/rss.html", "rssboard.org/rss-specification",
    ),
    RDF: ("w3.org/1999/02/22-rdf-syntax-ns",),
    DC: ("purl.org/dc/elements/1.0", "purl.org/dc/elements/1.1", "purl.org/dc/elements", "purl.org/dc"),
    DCTERMS: ("purl.org/dc/terms", "dublincore.org/documents/dcmi-terms"),
    CONTENT: ("purl.org/rss/1.0/modules/content", "purl.org/rss/modules/content"),
    SY: ("purl.org/rss/1.0/modules/syndication", "purl.org/rss/modules/syndication"),
    XHTML: ("w3.org/1999/xhtml",),
    MEDIA: ("search.yahoo.com/mrss", "video.search.yahoo.com/mrss", "search.yahoo.com/mrss/rss"),
    ITUNES: (
        "itunes.com/dtds/podcast-1.0.dtd", "itunes.com/dtds/podcast-1.0", "itunes.com/dtds/podcast.dtd",
        "itunes.com/dtds/podcast", "itunes.apple.com/dtds/podcast-1.0.dtd", "example.com/dtds/podcast-1.0.dtd",
    ),
    GOOGLEPLAY: ("google.com/schemas/play-podcasts/1.0", "google.com/schemas/play-podcasts"),
    FEEDBURNER: ("rssnamespace.org/feedburner/ext/1.0",),
    YANDEX: ("news.yandex.ru",),
}  # fmt: skip
_MAX_CACHED_LENGTH = 300
_MAX_ATTRIBUTES = 100
_KNOWN = {spelling: space for space, spellings in _SPELLINGS.items() for spelling in spellings}


def qualify_name(space: str, name: str) -> str:
    """Return a name as lxml spells it: `{namespace}name`."""
    return f"{{{space}}}{name}" if space else name


def find_namespace(written: str) -> str | None:
    """Return the namespace that an address stands for, however it is spelt; None for one that is not read.

    http or https, with or without `www.`, a slash or hash at the end, in any case.
    """
    bare = written.strip().lower().partition("://")[2] or written.strip().lower()
    return _KNOWN.get(bare.removeprefix("www.").rstrip("/#?"))


class Names(dict[str, str | None]):
    """What the elements of one document are, by their tags: each tag is looked at once.

    `table` gives a meaning to a namespace and a local name in lower case. Elements in a namespace of `own` count as
    those of the format itself, which has the namespace `home`, whatever else that namespace is: RSS under Atom's.
    """

    def __init__(self, table: Mapping[tuple[str, str], str], home: str, own: Iterable[str]) -> None:
        super().__init__()
        self._table = table
        self._home = home
        self._own = set(own)

    def find(self, element: etree._Element) -> str | None:
        """Return what an element is, None where it is nothing that is read."""
        tag = str(element.tag)
        if tag not in self:
            self[tag] = self._look_up(tag, str(element.prefix or ""))
        return self[tag]

    def adopt(self, element: etree._Element) -> None:
        """Count the namespace of an element as the format's own from here on."""
        self._own.add(etree.QName(element).namespace or "")
        self.clear()

    def _look_up(self, tag: str, prefix: str) -> str | None:
        # What is kept for all documents is no place for names of megabytes.
        written, space, name = _take_apart(tag) if len(tag) <= _MAX_CACHED_LENGTH else _take_apart.__wrapped__(tag)
        if (not written or written in self._own) and (meaning := self._table.get((self._home, name))):
            return meaning
        if not written:
            space = self._home
        elif space is None and prefix:
            space = PREFIXES.get(prefix.lower())
        return self._table.get((space, name)) if space is not None else None


@lru_cache(maxsize=4_096)
def _take_apart(tag: str) -> tuple[str, str | None, str]:
    """Return a tag's namespace as it is written, the one it stands for, and the local name in lower case."""
    space, _bracket, name = tag.rpartition("}")
    written = space.removeprefix("{")
    return written, find_namespace(written), name.lower()


def get_attribute(element: etree._Element, name: str) -> str:
    """Return an attribute by its name in any case, empty where there is none."""
    value = element.get(name)
    if value is not None:
        return value
    # Names only: lxml takes quadratic time for an element's names and values together.
    names = element.keys()
    if not names or len(names) > _MAX_ATTRIBUTES:
        return ""
    lowered = name.lower()
    for key in names:
        if len(key) == len(name) and str(key).lower() == lowered:
            return str(element.get(key, ""))
    return ""

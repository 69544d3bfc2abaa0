"""The namespaces of feeds, and the prefixes that careless ones use without declaring them."""

from __future__ import annotations

ATOM = "http://www.w3.org/2005/Atom"
RSS1 = "http://purl.org/rss/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
SY = "http://purl.org/rss/1.0/modules/syndication/"
XML = "http://www.w3.org/XML/1998/namespace"
XHTML = "http://www.w3.org/1999/xhtml"
MEDIA = "http://search.yahoo.com/mrss/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
FEEDBURNER = "http://rssnamespace.org/feedburner/ext/1.0"

PREFIXES = {
    "atom": ATOM, "a10": ATOM, "rdf": RDF, "dc": DC, "dcterms": DCTERMS, "content": CONTENT, "sy": SY,
    "xhtml": XHTML, "media": MEDIA, "itunes": ITUNES, "feedburner": FEEDBURNER,
}  # fmt: skip
"""What an undeclared prefix means; any other stands for nothing that is read."""


def clark(space: str, name: str) -> str:
    """Give a name as the tree spells it."""
    return f"{{{space}}}{name}" if space else name

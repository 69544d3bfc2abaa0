"""The fast reader: RSS, RDF and Atom from a tree, a hundred times faster than feedparser."""

from __future__ import annotations

from collections.abc import Collection

from lxml import etree

from watcher.model.poll import ParsedFeed
from watcher.parse.atom import read_atom
from watcher.parse.fallback import NeedsFallback
from watcher.parse.namespaces import ATOM, find_namespace
from watcher.parse.rss import read_rss

_RSS = {"rss", "rdf", "channel"}


def read_xml_feed(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read a document from its root; raises Doubt where it is no feed that is known here."""
    name = etree.QName(root).localname
    is_entry = name.lower() == "entry" and find_namespace(etree.QName(root).namespace or "") == ATOM
    if name.lower() == "feed" or is_entry:
        return read_atom(root, base, known)
    if name.lower() in _RSS:
        return read_rss(root, base, known)
    raise NeedsFallback(f"the root is {name[:40]}")

"""Writes an outlet's feed as RSS 2.0, RSS 1.0, Atom or JSON Feed 1.1, and its pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from watcher.demo.outlets import Format, Outlet, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A body to send, with its media type."""

    media_type: str
    body: bytes


def write_feed(outlet: Outlet, shown: tuple[Shown, ...], base: str) -> Page:
    """Write a feed document whose links live under `base` (no trailing slash)."""
    home = f"{base}/{outlet.slug}"
    match outlet.format:
        case Format.RSS2:
            return _xml("application/rss+xml", _rss2(outlet, shown, home), outlet.encoding)
        case Format.RSS1:
            return _xml("application/rdf+xml", _rss1(outlet, shown, home), outlet.encoding)
        case Format.ATOM:
            return _xml("application/atom+xml", _atom(outlet, shown, home), outlet.encoding)
        case Format.JSON:
            return Page(media_type="application/feed+json", body=_json(outlet, shown, home))


def write_article(outlet: Outlet, piece: Shown) -> Page:
    """Write the page that a piece links to."""
    return _html(
        outlet.language,
        piece.title,
        f"<p><b>{escape(outlet.title)}</b></p><h1>{escape(piece.title)}</h1><p>{escape(piece.summary)}</p>"
        "<p><small>Invented for the demonstration.</small></p>",
    )


def write_shop(outlet: Outlet) -> Page:
    """Write the page that stands where a feed once was."""
    return _html(outlet.language, outlet.title, "<h1>This domain is for sale</h1><p>Ask for a price.</p>")


def _html(language: str, title: str, body: str) -> Page:
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body>{body}</body></html>"
    )
    return Page(media_type="text/html; charset=utf-8", body=text.encode())


def _xml(media_type: str, text: str, encoding: str) -> Page:
    body = f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'.encode(encoding, "xmlcharrefreplace")
    return Page(media_type=f"{media_type}; charset={encoding}", body=body)


def _rss2(outlet: Outlet, shown: tuple[Shown, ...], home: str) -> str:
    items = "".join(
        f"<item><title>{escape(piece.title)}</title><link>{home}/{piece.number}</link>"
        f"<guid isPermaLink='false'>{outlet.slug}-{piece.number}</guid>"
        f"<pubDate>{format_datetime(piece.published_at)}</pubDate>"
        f"<description>{escape(piece.summary)}</description></item>\n"
        for piece in shown
    )
    return (
        f'<rss version="2.0"><channel><title>{escape(outlet.title)}</title><link>{home}</link>'
        f"<description>{escape(outlet.title)}</description><language>{outlet.language}</language>\n{items}</channel></rss>"
    )


def _rss1(outlet: Outlet, shown: tuple[Shown, ...], home: str) -> str:
    listed = "".join(f"<rdf:li rdf:resource={quoteattr(f'{home}/{piece.number}')}/>" for piece in shown)
    items = "".join(
        f"<item rdf:about={quoteattr(f'{home}/{piece.number}')}><title>{escape(piece.title)}</title>"
        f"<link>{home}/{piece.number}</link><description>{escape(piece.summary)}</description>"
        f"<dc:date>{_stamp(piece.published_at)}</dc:date></item>\n"
        for piece in shown
    )
    return (
        '<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel rdf:about={quoteattr(home)}><title>{escape(outlet.title)}</title><link>{home}</link>"
        f"<description>{escape(outlet.title)}</description><dc:language>{outlet.language}</dc:language>"
        f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n{items}</rdf:RDF>"
    )


def _atom(outlet: Outlet, shown: tuple[Shown, ...], home: str) -> str:
    entries = "".join(
        f"<entry><id>tag:demo.invalid,2026:{outlet.slug}:{piece.number}</id><title>{escape(piece.title)}</title>"
        f"<link href={quoteattr(f'{home}/{piece.number}')}/><published>{_stamp(piece.published_at)}</published>"
        f"<updated>{_stamp(piece.updated_at)}</updated><summary>{escape(piece.summary)}</summary></entry>\n"
        for piece in shown
    )
    updated = max((piece.updated_at for piece in shown), default=None)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">'
        f"<id>tag:demo.invalid,2026:{outlet.slug}</id>"
        f"<title>{escape(outlet.title)}</title><link href={quoteattr(home)}/>"
        f"{f'<updated>{_stamp(updated)}</updated>' if updated else ''}\n{entries}</feed>"
    )


def _json(outlet: Outlet, shown: tuple[Shown, ...], home: str) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.title,
        "home_page_url": home,
        "language": outlet.language,
        "items": [
            {
                "id": f"{outlet.slug}-{piece.number}",
                "url": f"{home}/{piece.number}",
                "title": piece.title,
                "content_text": piece.summary,
                "date_published": _stamp(piece.published_at),
                "date_modified": _stamp(piece.updated_at),
            }
            for piece in shown
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

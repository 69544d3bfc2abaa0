"""JSON Feed 1.1 (https://jsonfeed.org/version/1.1) of a topic's hits."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict


class Author(TypedDict):
    """The outlet of an item."""

    name: str


class JsonFeedItem(TypedDict):
    """A hit; `content_html` marks the evidence."""

    id: str
    url: str | None
    title: str
    content_html: str
    date_published: str
    authors: list[Author]
    tags: list[str]
    language: str | None


class JsonFeed(TypedDict):
    """A feed of hits, newest first."""

    version: str
    title: str
    feed_url: NotRequired[str]
    home_page_url: NotRequired[str]
    items: list[JsonFeedItem]

"""Feeds for readers and other machines, with an ETag: a topic's hits as Atom and JSON Feed, digests as Atom."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import Response

from watcher.app.listing import find_topic
from watcher.app.syndication import atom, digests_atom, json_feed
from watcher.model.results import Filters, StoredHit
from watcher.model.topic import Topic
from watcher.store.digests.queries import load_latest_digests
from watcher.store.hits.search import find_hits
from watcher.web.context import Ctx, WebContext

router = APIRouter(include_in_schema=False)
NEWEST = 50


@router.get("/topics/{topic_id}.atom")
def topic_atom(request: Request, ctx: Ctx, topic_id: str) -> Response:
    """Give a topic's newest hits as Atom."""
    topic, found = _newest(ctx, topic_id)
    url = _address(ctx, request, f"/topics/{topic.id}.atom")
    said = atom(topic.name, f"urn:news-watcher:topic:{topic.id}", found, url=url)
    return _answer(request, said, "application/atom+xml; charset=utf-8")


@router.get("/topics/{topic_id}.json")
def topic_json(request: Request, ctx: Ctx, topic_id: str) -> Response:
    """Give a topic's newest hits as JSON Feed 1.1."""
    topic, found = _newest(ctx, topic_id)
    url = _address(ctx, request, f"/topics/{topic.id}.json")
    said = json_feed(topic.name, found, url=url, home=_address(ctx, request, f"/hits?topic={topic.id}"))
    return _answer(request, said, "application/feed+json; charset=utf-8")


@router.get("/digests.atom")
def digests_feed(request: Request, ctx: Ctx) -> Response:
    """Give the latest digests as Atom, each whole as it was sent."""
    with ctx.app.database.read() as db:
        told = load_latest_digests(db)
    said = digests_atom("Digests", "urn:news-watcher:digests", told, url=_address(ctx, request, "/digests.atom"))
    return _answer(request, said, "application/atom+xml; charset=utf-8")


def _newest(ctx: WebContext, topic_id: str) -> tuple[Topic, tuple[StoredHit, ...]]:
    topic = find_topic(ctx.app.settings.topics, topic_id)
    with ctx.app.database.read() as db:
        return topic, find_hits(db, Filters(topics=(topic.id,)), limit=NEWEST).items


def _address(ctx: WebContext, request: Request, path: str) -> str:
    base = ctx.gate.base_url or str(request.base_url)
    return base.rstrip("/") + path


def _answer(request: Request, said: str, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(said.encode()).hexdigest()[:24]}"'
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(said, media_type=media_type, headers={"ETag": etag})

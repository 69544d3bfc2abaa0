"""Feeds of hits and digests, with an ETag: a topic's hits as Atom and JSON Feed, digests as Atom."""

from __future__ import annotations

import hashlib
from typing import Literal, TypeAlias

from fastapi import APIRouter, Request
from fastapi.responses import Response

from watcher.app.export import (
    export_digests_atom,
    export_hits_atom,
    export_hits_json_feed,
    export_stories_atom,
    get_listed_at,
)
from watcher.app.topics import find_topic
from watcher.app.triage.views import list_view_items, parse_view_query
from watcher.model.meaning import ProposalState
from watcher.model.results import Filters, StoredHit, StoredProposal
from watcher.model.story import Story
from watcher.model.topic import Topic
from watcher.store.digests.queries import load_latest_digests
from watcher.store.hits.search import find_hits
from watcher.store.meaning.proposals import ProposalFilters, list_proposals
from watcher.store.triage.readers import load_reader
from watcher.store.triage.views import get_view_by_key
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.render.environment import link

router = APIRouter(include_in_schema=False)
MAX_ITEMS = 50
FoundBy: TypeAlias = Literal["words", "meaning", "all"]
"""Which hits a topic's feed holds; those by meaning come with the proposals that are not judged yet."""


@router.get("/topics/{topic_id}.atom")
def get_topic_atom(request: Request, ctx: Ctx, topic_id: str, found_by: FoundBy = "words") -> Response:
    """Return a topic's newest hits as Atom; what meaning proposes is among them where it is asked for."""
    topic, newest = _list_newest(ctx, topic_id, found_by)
    url = _make_url(ctx, request, link(f"/topics/{topic.id}.atom", _get_params(found_by)))
    body = export_hits_atom(topic.name, f"urn:news-watcher:topic:{topic.id}", newest, url=url)
    return _respond(request, body, "application/atom+xml; charset=utf-8")


@router.get("/topics/{topic_id}.json")
def get_topic_json_feed(request: Request, ctx: Ctx, topic_id: str, found_by: FoundBy = "words") -> Response:
    """Return a topic's newest hits as JSON Feed 1.1; what meaning proposes is among them where it is asked for."""
    topic, newest = _list_newest(ctx, topic_id, found_by)
    url = _make_url(ctx, request, link(f"/topics/{topic.id}.json", _get_params(found_by)))
    home_url = _make_url(ctx, request, f"/hits?topic={topic.id}")
    body = export_hits_json_feed(topic.name, newest, url=url, home_url=home_url)
    return _respond(request, body, "application/feed+json; charset=utf-8")


@router.get("/views/{key}.atom")
def get_view_atom(request: Request, ctx: Ctx, key: str) -> Response:
    """Return the newest items of a saved view as Atom, read or not; the view's key is in its address."""
    topic_ids = [topic.id for topic in ctx.app.settings.topics]
    with ctx.app.database.read() as db:
        view = get_view_by_key(db, key)
        reader = load_reader(db, view.person, ctx.now)
        query = parse_view_query(view, reader, topic_ids, ctx.now, lambda text: ctx.parse_query(text).query)
        items = list_view_items(db, view, query, get_match_budget(request).is_spent)
    feed_id, url = f"urn:news-watcher:view:{view.key}", _make_url(ctx, request, f"/views/{view.key}.atom")
    stories = [item for item in items if isinstance(item, Story)]
    hits = [item for item in items if not isinstance(item, Story)]
    if stories:
        body = export_stories_atom(view.name, feed_id, stories, url=url, base_url=_make_url(ctx, request, ""))
    else:
        body = export_hits_atom(view.name, feed_id, hits, url=url)
    return _respond(request, body, "application/atom+xml; charset=utf-8")


@router.get("/digests.atom")
def get_digests_atom(request: Request, ctx: Ctx) -> Response:
    """Return the latest digests as Atom, each whole as it was sent."""
    with ctx.app.database.read() as db:
        latest = load_latest_digests(db)
    url = _make_url(ctx, request, "/digests.atom")
    body = export_digests_atom("Digests", "urn:news-watcher:digests", latest, url=url)
    return _respond(request, body, "application/atom+xml; charset=utf-8")


def _list_newest(
    ctx: WebContext, topic_id: str, found_by: FoundBy
) -> tuple[Topic, tuple[StoredHit | StoredProposal, ...]]:
    topic = find_topic(ctx.app.settings.topics, topic_id)
    found_by_kinds = () if found_by == "all" else (found_by,)
    with ctx.app.database.read() as db:
        hits = find_hits(db, Filters(topics=(topic.id,), found_by=found_by_kinds), limit=MAX_ITEMS).items
        if found_by == "words":
            return topic, hits
        pending = ProposalFilters(topics=(topic.id,), states=(ProposalState.OPEN,))
        proposals = list_proposals(db, pending, limit=MAX_ITEMS).items
    listed: list[StoredHit | StoredProposal] = [*hits, *proposals]
    return topic, tuple(sorted(listed, key=get_listed_at, reverse=True)[:MAX_ITEMS])


def _get_params(found_by: FoundBy) -> dict[str, str]:
    return {} if found_by == "words" else {"found_by": found_by}


def _make_url(ctx: WebContext, request: Request, path: str) -> str:
    base = ctx.gate.base_url or str(request.base_url)
    return base.rstrip("/") + path


def _respond(request: Request, body: str, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:24]}"'
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type=media_type, headers={"ETag": etag})

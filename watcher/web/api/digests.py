"""Digests and their deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.app.digest_listing import list_configured_digests
from watcher.app.encoding import encode_composed_digest
from watcher.contract.deliveries import DeliveryList, encode_delivery
from watcher.contract.digests import DigestList
from watcher.model.digest import DeliveryState
from watcher.store.digests.queries import find_digests
from watcher.store.outbox.queries import find_deliveries
from watcher.web.api.parameters import Cursor, Limit, add_next_link
from watcher.web.context import Ctx
from watcher.web.validation import MAX_ID, Text

router = APIRouter(tags=["digests"])


@router.get("/digests")
def list_digests(
    request: Request,
    response: Response,
    ctx: Ctx,
    name: Annotated[Text | None, Query(description="Only digests of this name")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DigestList:
    """List the configured digests and those that were composed."""
    with ctx.app.database.read() as db:
        chosen = [subscription for subscription in ctx.app.settings.subscriptions if name in (None, subscription.name)]
        configured = list_configured_digests(db, chosen, ctx.now)
        page = find_digests(db, name=name, limit=limit, cursor=cursor)
    add_next_link(request, response, page.next_cursor)
    return {
        "digests": configured,
        "composed": [encode_composed_digest(digest) for digest in page.items],
        "next_cursor": page.next_cursor,
    }


@router.get("/deliveries")
def list_deliveries(
    request: Request,
    response: Response,
    ctx: Ctx,
    state: Annotated[list[DeliveryState] | None, Query(description="Only in these states")] = None,
    digest: Annotated[int | None, Query(description="Only of this digest", ge=1, le=MAX_ID)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryList:
    """List messages to recipients with their states, the newest first."""
    states = [delivery_state.value for delivery_state in state or ()]
    with ctx.app.database.read() as db:
        page = find_deliveries(db, states=states, digest_id=digest, limit=limit, cursor=cursor)
    add_next_link(request, response, page.next_cursor)
    return {
        "deliveries": [encode_delivery(delivery) for delivery in page.items],
        "next_cursor": page.next_cursor,
    }

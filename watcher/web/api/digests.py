"""Digests and their deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.app import views
from watcher.digest.slots import find_next_slot
from watcher.model.digest import DeliveryState
from watcher.store.digests.queries import find_digests
from watcher.store.digests.slots import get_last_slots
from watcher.store.outbox.queries import find_deliveries
from watcher.web.api import models
from watcher.web.api.params import Cursor, Limit, listed
from watcher.web.context import Ctx
from watcher.web.validation import MAX_ID, Text

router = APIRouter(tags=["digests"])


@router.get("/digests", response_model=models.Digests)
def list_digests(
    request: Request,
    ctx: Ctx,
    name: Annotated[Text | None, Query(description="Only those of this name")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the configured digests and those that were composed."""
    with ctx.app.database.read() as db:
        last = get_last_slots(db, ctx.now)
        page = find_digests(db, name=name, limit=limit, cursor=cursor)
    configured = [
        views.subscription(one, last_at=last.get(one.name), next_at=find_next_slot(one, ctx.now))
        for one in ctx.app.settings.subscriptions
    ]
    said = {
        "digests": [each for each in configured if name in (None, each["name"])],
        "composed": [views.composed(each) for each in page.items],
        "next_cursor": page.next_cursor,
    }
    return listed(request, said)


@router.get("/deliveries", response_model=models.Deliveries)
def list_deliveries(
    request: Request,
    ctx: Ctx,
    state: Annotated[list[DeliveryState] | None, Query(description="Only in these states")] = None,
    digest: Annotated[int | None, Query(description="Only of this digest", ge=1, le=MAX_ID)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List messages to recipients and where each stands."""
    states = [each.value for each in state or ()]
    with ctx.app.database.read() as db:
        page = find_deliveries(db, states=states, digest_id=digest, limit=limit, cursor=cursor)
    said = {"deliveries": [views.delivery(each) for each in page.items], "next_cursor": page.next_cursor}
    return listed(request, said)

"""Digests and their deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.app import views
from watcher.digest import next_slot
from watcher.model.digest import DeliveryState
from watcher.store.digests.queries import find_digests, get_last_slots
from watcher.store.outbox.queries import find_deliveries
from watcher.web.api import models
from watcher.web.api.params import MOST_ID, Cursor, Limit, Text, listed
from watcher.web.site import Here

router = APIRouter(tags=["digests"])


@router.get("/digests", response_model=models.Digests)
def list_digests(
    request: Request,
    here: Here,
    name: Annotated[Text | None, Query(description="Only those of this name")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the configured digests and those that were composed."""
    with here.app.database.read() as db:
        last = get_last_slots(db, here.now)
        page = find_digests(db, name=name, limit=limit, cursor=cursor)
    configured = [
        views.subscription(one, last_at=last.get(one.name), next_at=next_slot(one, here.now))
        for one in here.app.settings.subscriptions
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
    here: Here,
    state: Annotated[list[DeliveryState] | None, Query(description="Only in these states")] = None,
    digest: Annotated[int | None, Query(description="Only of this digest", ge=1, le=MOST_ID)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List messages to recipients and where each stands."""
    states = [each.value for each in state or ()]
    with here.app.database.read() as db:
        page = find_deliveries(db, states=states, digest_id=digest, limit=limit, cursor=cursor)
    said = {"deliveries": [views.delivery(each) for each in page.items], "next_cursor": page.next_cursor}
    return listed(request, said)

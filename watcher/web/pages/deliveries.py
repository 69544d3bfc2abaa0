"""The outbox: every message to every recipient, where it stands, and another try for those that failed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.errors import UsageError
from watcher.model.digest import Delivery, DeliveryState
from watcher.model.results import Page
from watcher.pipeline import digests
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries
from watcher.web.context import Ctx
from watcher.web.forms import Filled, back_to
from watcher.web.validation import DeliveryId

router = APIRouter(include_in_schema=False)
PER_PAGE = 60


@router.get("/deliveries")
def list_deliveries(request: Request, ctx: Ctx, cursor: str = "") -> Response:
    """Show the messages, the newest first."""
    known = [each.value for each in DeliveryState]
    wanted = [each for each in request.query_params.getlist("state") if each in known]
    fault: UsageError | None = None
    page: Page[Delivery] = Page(items=())
    with ctx.app.database.read() as db:
        tally = count_deliveries_by_state(db)
        try:
            page = find_deliveries(db, states=wanted, limit=PER_PAGE, cursor=cursor or None)
        except UsageError as error:
            fault = error
    return ctx.page(
        request, "deliveries.html", 400 if fault else 200,
        page=page, tally={name: tally.get(name, 0) for name in known}, wanted=wanted, fault=fault,
    )  # fmt: skip


@router.post("/deliveries/{delivery_id}/retry")
async def retry(ctx: Ctx, delivery_id: DeliveryId, form: Filled) -> Response:
    """Put a message that is dead or uncertain back in line, under its old identity."""
    await run_in_threadpool(digests.resend_delivery, ctx.app.database, delivery_id, ctx.now)
    ctx.forget()
    return back_to(form.get("next"), "/deliveries")

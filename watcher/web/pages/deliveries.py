"""Messages to recipients: their states, and another try for those that failed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.errors import UsageError
from watcher.model.digest import Delivery, DeliveryState
from watcher.model.results import Page
from watcher.pipeline.digests import resend_delivery
from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries
from watcher.web.context import Ctx
from watcher.web.forms import SubmittedForm, redirect_back
from watcher.web.validation import DeliveryId

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 60


@router.get("/deliveries")
def list_deliveries(request: Request, ctx: Ctx, cursor: str = "") -> Response:
    """Show the messages, the newest first."""
    known = [state.value for state in DeliveryState]
    chosen_states = [state for state in request.query_params.getlist("state") if state in known]
    fault: UsageError | None = None
    page: Page[Delivery] = Page(items=())
    with ctx.app.database.read() as db:
        counts = count_deliveries_by_state(db)
        try:
            page = find_deliveries(db, states=chosen_states, limit=PAGE_SIZE, cursor=cursor or None)
        except UsageError as error:
            fault = error
    return ctx.render_page(
        request, "deliveries.html", 400 if fault else 200,
        page=page, counts={state: counts.get(state, 0) for state in known}, chosen_states=chosen_states, fault=fault,
    )  # fmt: skip


@router.post("/deliveries/{delivery_id}/retry")
async def retry_delivery(ctx: Ctx, delivery_id: DeliveryId, form: SubmittedForm) -> Response:
    """Schedule a failed or uncertain message again, under its old identity."""
    await run_in_threadpool(resend_delivery, ctx.app.database, delivery_id, ctx.now)
    ctx.clear_cache()
    return redirect_back(form.get("next"), "/deliveries")

"""Judgements: from the page's own buttons, and from the signed links in digests."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.digest.feedback_links import verify_feedback
from watcher.errors import NotFoundError
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.queries import load_hit
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import Filled, back_to
from watcher.web.validation import HitId

router = APIRouter(include_in_schema=False)
JUDGEMENTS = {"relevant": "relevant", "irrelevant": "irrelevant", "none": None}


@router.post("/hits/{hit_id}/label")
async def judge(ctx: Ctx, hit_id: HitId, form: Filled) -> Response:
    """Record what the page's buttons say; a button that was pressed already takes its judgement back."""
    if (said := form.get("label")) not in JUDGEMENTS:
        raise HTTPException(400, "no such judgement")
    await run_in_threadpool(_record, ctx, hit_id, JUDGEMENTS[said])
    return back_to(form.get("next"), f"/hits/{hit_id}")


@router.get("/label/{token}")
def ask(request: Request, ctx: Ctx, token: str) -> Response:
    """Show what a link in a digest would record. Opening it records nothing: mail scanners open every link."""
    return _label_page(request, ctx, token, done=False)


@router.post("/label/{token}")
def answer(request: Request, ctx: Ctx, token: str) -> Response:
    """Record the judgement that a signed link stands for; the signature is the leave to do so."""
    if (said := verify_feedback(ctx.key, token)) is not None:
        _record(ctx, *said)
    return _label_page(request, ctx, token, done=True)


def _label_page(request: Request, ctx: WebContext, token: str, *, done: bool) -> Response:
    said = verify_feedback(ctx.key, token)
    if said is None:
        return ctx.page(request, "label.html", 404, hit=None, judgement="", done=False, token="")
    try:
        with ctx.app.database.read() as db:
            hit = load_hit(db, said[0])
    except NotFoundError:
        return ctx.page(request, "label.html", 404, hit=None, judgement="", done=False, token="")
    return ctx.page(request, "label.html", hit=hit, judgement=said[1], done=done, token=token)


def _record(ctx: WebContext, hit_id: int, label: str | None) -> None:
    with ctx.app.database.write() as db:
        set_hit_label(db, hit_id, label, ctx.now)

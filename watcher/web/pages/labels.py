"""Judgements: from the page's own buttons, and from the signed links in digests."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.app.judgements import judge_hit
from watcher.app.proposals import judge_proposal
from watcher.contract.hits import Label
from watcher.digest.feedback_links import verify_feedback, verify_proposal_feedback
from watcher.errors import NotFoundError
from watcher.model.results import StoredHit, StoredProposal
from watcher.store.hits.queries import load_hit
from watcher.store.meaning.proposals import get_proposal
from watcher.web.auth.person import get_actor
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import SubmittedForm, redirect_back
from watcher.web.validation import HitId, ProposalId

router = APIRouter(include_in_schema=False)
LABELS: dict[str, Label | None] = {"relevant": "relevant", "irrelevant": "irrelevant", "none": None}


@router.post("/hits/{hit_id}/label")
async def label_hit(ctx: Ctx, hit_id: HitId, form: SubmittedForm) -> Response:
    """Store a judgement from the page's buttons; pressing the same button again takes it back."""
    if (label := form.get("label")) not in LABELS:
        raise HTTPException(400, "This is not a judgement. Use relevant, irrelevant or none.")
    await run_in_threadpool(_store_label, ctx, hit_id, LABELS[label])
    return redirect_back(form.get("next"), f"/hits/{hit_id}")


@router.post("/proposals/{proposal_id}/label")
async def label_proposal(ctx: Ctx, proposal_id: ProposalId, form: SubmittedForm) -> Response:
    """Store a judgement of a proposal for its topic; pressing the same button again takes it back."""
    if (label := form.get("label")) not in LABELS:
        raise HTTPException(400, "This is not a judgement. Use relevant, irrelevant or none.")
    await run_in_threadpool(_store_proposal_label, ctx, proposal_id, LABELS[label])
    return redirect_back(form.get("next"), "/proposals")


@router.get("/label/{token}")
def confirm_label(request: Request, ctx: Ctx, token: str) -> Response:
    """Show the judgement of a digest's link. Opening it stores nothing: mail scanners open every link."""
    return _render_label(request, ctx, token, done=False)


@router.post("/label/{token}")
def store_linked_label(request: Request, ctx: Ctx, token: str) -> Response:
    """Store the judgement of a signed link; the signature stands for the login."""
    if (judgement := verify_feedback(ctx.key, token)) is not None:
        _store_label(ctx, judgement[0], LABELS[judgement[1]], "link")
    elif (judgement := verify_proposal_feedback(ctx.key, token)) is not None:
        _store_proposal_label(ctx, judgement[0], LABELS[judgement[1]], "link")
    return _render_label(request, ctx, token, done=True)


def _render_label(request: Request, ctx: WebContext, token: str, *, done: bool) -> Response:
    judged, label = _load_judged(ctx, token)
    if judged is None:
        return ctx.render_page(request, "label.html", 404, hit=None, judgement="", done=False, token="")
    return ctx.render_page(request, "label.html", hit=judged, judgement=label, done=done, token=token)


def _load_judged(ctx: WebContext, token: str) -> tuple[StoredHit | StoredProposal | None, str]:
    """Return the hit or proposal of a signed link and its judgement; None where the link is not ours or it is gone."""
    try:
        with ctx.app.database.read() as db:
            if (judgement := verify_feedback(ctx.key, token)) is not None:
                return load_hit(db, judgement[0]), judgement[1]
            if (judgement := verify_proposal_feedback(ctx.key, token)) is not None:
                return get_proposal(db, judgement[0]), judgement[1]
    except NotFoundError:
        pass
    return None, ""


def _store_label(ctx: WebContext, hit_id: int, label: Label | None, via: str = "page") -> None:
    with ctx.app.database.write() as db:
        judge_hit(db, hit_id, label, ctx.now, get_actor(via))
    ctx.clear_cache()


def _store_proposal_label(ctx: WebContext, proposal_id: int, label: Label | None, via: str = "page") -> None:
    with ctx.app.database.write() as db:
        judge_proposal(db, proposal_id, label, ctx.now, get_actor(via))
    ctx.clear_cache()

"""Marks from the page's own buttons: seen, unread, starred; for a row, for it and all above it, or for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from watcher.app.triage.marks import mark_seen, mark_unread, parse_targets, star
from watcher.model.triage import Target
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import Form, SubmittedForm, redirect_back

router = APIRouter(include_in_schema=False)
_ACTS = ("read", "unread", "above", "all", "star", "unstar")


@router.post("/triage")
async def mark_rows(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Mark or star rows. A script is answered with what was changed, so that it can undo exactly that."""
    act, _, row = form.get("act").partition(" ")
    if act not in _ACTS:
        raise HTTPException(400, f"This is not an action. Use one of: {', '.join(_ACTS)}.")
    targets = parse_targets(_list_targets(act, row, form.get_all("target")))
    until = _parse_shown_at(form)
    changed = await run_in_threadpool(_mark, ctx, get_person(request).name, act, targets, until)
    ctx.clear_cache()
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"changed": [str(target) for target in changed]})
    return redirect_back(form.get("next"), "/hits")


def _list_targets(act: str, row: str, listed: Sequence[str]) -> Iterable[str]:
    """Return the targets of an action; each row of a list names its own, with commas between."""
    if act == "all":
        return ",".join(listed).split(",") if listed else ()
    if act != "above":
        return row.split(",")
    if row not in listed:
        raise HTTPException(400, "This row is not in the list.")
    return ",".join(listed[: listed.index(row) + 1]).split(",")


def _parse_shown_at(form: Form) -> datetime | None:
    """Return when the list was shown (milliseconds since 1970): what came later is not seen yet."""
    text = form.get("shown_at")
    if not text.isascii() or not text.isdigit() or len(text) > 14:
        return None
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def _mark(
    ctx: WebContext, person: str, act: str, targets: Sequence[Target], until: datetime | None
) -> Sequence[Target]:
    with ctx.app.database.write() as db:
        if act in {"star", "unstar"}:
            star(db, person, targets, starred=act == "star", now=ctx.now)
        elif act == "unread":
            mark_unread(db, person, targets, ctx.now)
        else:
            return mark_seen(db, person, targets, ctx.now, until=until)
    return targets

"""How things stand."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from watcher.app.status import stand
from watcher.web.api import models
from watcher.web.context import Ctx

router = APIRouter(tags=["status"])


@router.get("/status", response_model=models.Standing)
def get_status(ctx: Ctx) -> Response:
    """Say how feeds, digests, the outbox and the database stand."""
    return JSONResponse(stand(ctx.app, ctx.now))

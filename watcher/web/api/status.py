"""The system status."""

from __future__ import annotations

from fastapi import APIRouter

from watcher.app import status
from watcher.contract.status import Status
from watcher.web.context import Ctx

router = APIRouter(tags=["status"])


@router.get("/status")
def get_status(ctx: Ctx) -> Status:
    """Get the state of feeds, digests, messages and the database."""
    return status.get_system_status(ctx.app, ctx.now)

"""The guided set-up: what can be chosen, a test of a channel before it is saved, and the set-up itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from watcher.app.configuration.channels import build_channel, send_test_message
from watcher.contract.configuration import ChannelEdit
from watcher.contract.deliveries import ChannelTest
from watcher.contract.setup import SetupAnswers, SetupResult, SetupState
from watcher.errors import UsageError
from watcher.web.api.edits import IdempotencyKey, check_body, create_once
from watcher.web.api.problems import CHANGES
from watcher.web.context import Ctx
from watcher.web.setting_up import describe_setup, set_up

router = APIRouter(tags=["setup"])


@router.get("/setup")
def get_setup(ctx: Ctx) -> SetupState:
    """Get whether anything is watched yet, the packs of feeds, and how far the first digest is."""
    return describe_setup(ctx)


@router.post("/setup", status_code=201, response_model=SetupResult, responses=CHANGES)
async def create_setup(
    request: Request, ctx: Ctx, answers: Annotated[SetupAnswers, Body()], idempotency_key: IdempotencyKey = None
) -> Response:
    """Set up what is watched and where digests go, once; the first digest is composed in the background."""

    async def create() -> SetupResult:
        """Set up what the answers say."""
        return await set_up(ctx, "api", answers)

    return await create_once(request, ctx, idempotency_key, answers, create)


@router.post("/setup/test")
async def test_unsaved_channel(ctx: Ctx, edit: Annotated[ChannelEdit, Body()]) -> ChannelTest:
    """Send a test message on a channel that is not saved."""
    check_body(edit)
    if ctx.fetcher is None:
        raise UsageError("Nothing can be sent from this process.")
    return await send_test_message(ctx.app, build_channel(ctx.app, edit), ctx.fetcher, ctx.now)

"""Channels: list, create, change, rename, delete, send a test message."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from watcher.app.configuration import channels as use_cases
from watcher.app.configuration.channels import find_channel
from watcher.app.configuration.editor import Editor
from watcher.contract.configuration import ChannelEdit, ChannelSettings, ChannelSettingsList
from watcher.contract.deliveries import ChannelTest
from watcher.errors import UsageError
from watcher.web.api.edited_items import EditedItems
from watcher.web.api.edits import IdempotencyKey, IfMatch
from watcher.web.api.problems import CHANGES, EDITS, UNUSABLE
from watcher.web.context import Ctx
from watcher.web.editing import make_editor

router = APIRouter(tags=["channels"])
Name = Annotated[str, Path(max_length=200)]


@router.get("/channels")
def list_channels(ctx: Ctx) -> ChannelSettingsList:
    """List the channels, without their secrets."""
    editor = make_editor(ctx, "api")
    return {"channels": [use_cases.encode_channel_settings(editor, channel) for channel in ctx.app.settings.channels]}


@router.post("/channels", status_code=201, response_model=ChannelSettings, responses=CHANGES)
async def create_channel(
    request: Request, ctx: Ctx, edit: Annotated[ChannelEdit, Body()], idempotency_key: IdempotencyKey = None
) -> Response:
    """Add a channel; it needs `name` and `kind`. Secrets among its options are written into files of their own."""
    return await _ITEMS.add_item(request, ctx, edit, idempotency_key)


@router.get("/channels/{name}")
def get_channel(response: Response, ctx: Ctx, name: Name) -> ChannelSettings:
    """Get a channel without its secrets, with the ETag for editing it."""
    return _ITEMS.show_item(response, ctx, name)


@router.patch("/channels/{name}", responses=EDITS)
async def update_channel(
    response: Response, ctx: Ctx, name: Name, edit: Annotated[ChannelEdit, Body()], etag: IfMatch
) -> ChannelSettings:
    """Change a channel. Under a new `name` it keeps its messages; digests follow."""
    return await _ITEMS.change_item(response, ctx, name, edit, etag)


@router.delete("/channels/{name}", status_code=204, responses=EDITS)
async def delete_channel(ctx: Ctx, name: Name, etag: IfMatch) -> None:
    """Delete a channel. Digests go on without it; one that has no other keeps it from being deleted."""
    await _ITEMS.remove_item(ctx, name, etag)


@router.post("/channels/{name}/test", responses=UNUSABLE)
async def test_channel(ctx: Ctx, name: Name) -> ChannelTest:
    """Send a test message to every recipient of a channel, and get the outcome of each step."""
    if ctx.fetcher is None:
        raise UsageError("Nothing can be sent from this process.")
    return await use_cases.test_channel(ctx.app, name, ctx.fetcher, make_editor(ctx, "api"))


def _encode(editor: Editor, name: str) -> ChannelSettings:
    return use_cases.encode_channel_settings(editor, find_channel(editor.app.settings.channels, name))


_ITEMS = EditedItems[ChannelEdit, ChannelSettings, ChannelSettings](
    create=use_cases.create_channel,
    update=use_cases.update_channel,
    delete=use_cases.delete_channel,
    encode=_encode,
)

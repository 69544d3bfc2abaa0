"""Digests as configured: create, change, rename, pause, delete, send now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.app.configuration import digests as use_cases
from watcher.app.configuration.digests import find_digest
from watcher.app.configuration.editor import Editor
from watcher.contract.configuration import DigestEdit, DigestSettings, SentNow
from watcher.web.api.edited_items import EditedItems
from watcher.web.api.edits import IdempotencyKey, IfMatch, create_once
from watcher.web.api.problems import CHANGES, EDITS, REPEATABLE
from watcher.web.context import Ctx
from watcher.web.editing import make_editor

router = APIRouter(tags=["digests"])
Name = Annotated[str, Path(max_length=200)]


@router.post("/digests", status_code=201, response_model=DigestSettings, responses=CHANGES)
async def create_digest(
    request: Request, ctx: Ctx, edit: Annotated[DigestEdit, Body()], idempotency_key: IdempotencyKey = None
) -> Response:
    """Add a digest; it needs `name`, `schedule` and `channels`."""
    return await _ITEMS.add_item(request, ctx, edit, idempotency_key)


@router.get("/digests/{name}")
def get_digest_settings(response: Response, ctx: Ctx, name: Name) -> DigestSettings:
    """Get a digest as configured, with its next times and the ETag for editing it."""
    return _ITEMS.show_item(response, ctx, name)


@router.patch("/digests/{name}", responses=EDITS)
async def update_digest(
    response: Response, ctx: Ctx, name: Name, edit: Annotated[DigestEdit, Body()], etag: IfMatch
) -> DigestSettings:
    """Change a digest. Under a new `name` it keeps what it has sent."""
    return await _ITEMS.change_item(response, ctx, name, edit, etag)


@router.delete("/digests/{name}", status_code=204, responses=EDITS)
async def delete_digest(ctx: Ctx, name: Name, etag: IfMatch) -> None:
    """Delete a digest. What it has sent stays stored."""
    await _ITEMS.remove_item(ctx, name, etag)


@router.post("/digests/{name}/send", response_model=SentNow, status_code=201, responses=REPEATABLE)
async def send_digest(request: Request, ctx: Ctx, name: Name, idempotency_key: IdempotencyKey = None) -> Response:
    """Send a digest now, in its quiet hours as well, and even if it is empty."""

    async def send() -> SentNow:
        """Compose the digest."""
        editor = make_editor(ctx, "api")
        return await run_in_threadpool(use_cases.send_digest_now, ctx.app, name, editor)

    return await create_once(request, ctx, idempotency_key, None, send)


def _encode(editor: Editor, name: str) -> DigestSettings:
    return use_cases.encode_digest_settings(editor, find_digest(editor.app.settings.subscriptions, name))


_ITEMS = EditedItems[DigestEdit, DigestSettings, DigestSettings](
    create=use_cases.create_digest,
    update=use_cases.update_digest,
    delete=use_cases.delete_digest,
    encode=_encode,
)

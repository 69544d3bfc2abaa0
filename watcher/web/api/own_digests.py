"""A person's own digests: subscribe, change, pause, end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from watcher.app.configuration import own_digests as use_cases
from watcher.app.configuration.digests import encode_digest_settings
from watcher.contract.configuration import DigestSettings, OwnDigestEdit, OwnDigests
from watcher.web.api.edited_items import EditedItems
from watcher.web.api.edits import IdempotencyKey, IfMatch
from watcher.web.api.problems import CHANGES, EDITS
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx
from watcher.web.editing import make_editor

router = APIRouter(prefix="/account", tags=["account"])
Name = Annotated[str, Path(max_length=200)]


@router.get("/digests")
def list_own_digests(request: Request, ctx: Ctx) -> OwnDigests:
    """List your own digests."""
    editor = make_editor(ctx, "api")
    own = use_cases.list_own_digests(ctx.app.settings, get_person(request))
    return {"digests": [encode_digest_settings(editor, digest) for digest in own]}


@router.post("/digests", status_code=201, response_model=DigestSettings, responses=CHANGES)
async def create_own_digest(
    request: Request, ctx: Ctx, edit: Annotated[OwnDigestEdit, Body()], idempotency_key: IdempotencyKey = None
) -> Response:
    """Subscribe to a digest of your own; it needs `schedule` and `to`, the address that it is mailed to."""
    return await _ITEMS.add_item(request, ctx, edit, idempotency_key)


@router.get("/digests/{name}")
def get_own_digest(response: Response, ctx: Ctx, name: Name) -> DigestSettings:
    """Get one of your digests, with its next times and the ETag for editing it."""
    return _ITEMS.show_item(response, ctx, name)


@router.patch("/digests/{name}", responses=EDITS)
async def update_own_digest(
    response: Response, ctx: Ctx, name: Name, edit: Annotated[OwnDigestEdit, Body()], etag: IfMatch
) -> DigestSettings:
    """Change one of your digests."""
    return await _ITEMS.change_item(response, ctx, name, edit, etag)


@router.delete("/digests/{name}", status_code=204, responses=EDITS)
async def delete_own_digest(ctx: Ctx, name: Name, etag: IfMatch) -> None:
    """End one of your digests. What it has sent stays stored."""
    await _ITEMS.remove_item(ctx, name, etag)


_ITEMS = EditedItems[OwnDigestEdit, DigestSettings, DigestSettings](
    create=use_cases.create_own_digest,
    update=use_cases.update_own_digest,
    delete=use_cases.delete_own_digest,
    encode=use_cases.encode_own_digest,
)

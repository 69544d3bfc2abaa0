"""Single values of the configuration, the history of edits, and undo."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Response

from watcher.app.configuration.editor import encode_version
from watcher.app.configuration.values import encode_settings, update_settings
from watcher.contract.configuration import ConfigurationHistory, ConfigurationVersion, Settings, SettingsEdit
from watcher.web.api.edits import IfMatch, check_body, set_etag
from watcher.web.api.parameters import Limit
from watcher.web.api.problems import CHANGES, EDITS
from watcher.web.context import Ctx
from watcher.web.editing import make_editor, save
from watcher.web.validation import MAX_ID

router = APIRouter(tags=["configuration"])
Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("/settings")
def get_settings(response: Response, ctx: Ctx) -> Settings:
    """Get single values of the configuration, without secrets, with the ETag for editing them."""
    settings = encode_settings(make_editor(ctx, "api"))
    set_etag(response, settings["etag"])
    return settings


@router.patch("/settings", responses=EDITS)
async def change_settings(
    response: Response, ctx: Ctx, edit: Annotated[SettingsEdit, Body()], etag: IfMatch
) -> Settings:
    """Change single values; null gives a value its default again."""
    check_body(edit)
    await save(ctx, "api", lambda editor: update_settings(editor, edit, etag))
    settings = encode_settings(make_editor(ctx, "api"))
    set_etag(response, settings["etag"])
    return settings


@router.get("/history")
def list_history(ctx: Ctx, limit: Limit = 50) -> ConfigurationHistory:
    """List the edits of the configuration that can be undone, the newest first."""
    versions = make_editor(ctx, "api").list_versions(limit)
    return {"versions": [encode_version(version) for version in versions]}


@router.post("/history/{number}/undo", responses=CHANGES)
async def undo_edit(ctx: Ctx, number: Number) -> ConfigurationVersion:
    """Undo an edit: its files are again what they were before. Refused where they were changed since (412)."""
    return encode_version(await save(ctx, "api", lambda editor: editor.undo(number)))

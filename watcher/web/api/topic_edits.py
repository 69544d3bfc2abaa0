"""Topics as configured: create, change, rename, pause, delete, restore."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.app.configuration import topics as use_cases
from watcher.app.configuration.editor import Editor
from watcher.app.topics import find_topic
from watcher.contract.configuration import SavedTopic, TopicEdit, TopicSettings
from watcher.web.api.edited_items import EditedItems
from watcher.web.api.edits import IdempotencyKey, IfMatch, set_etag
from watcher.web.api.problems import CHANGES, EDITS
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor, save

router = APIRouter(tags=["topics"])
TopicId = Annotated[str, Path(max_length=200)]


@router.post("/topics", status_code=201, response_model=SavedTopic, responses=CHANGES)
async def create_topic(
    request: Request, ctx: Ctx, edit: Annotated[TopicEdit, Body()], idempotency_key: IdempotencyKey = None
) -> Response:
    """Add a topic. Without an `id` it gets one that is made from its name."""
    return await _ITEMS.add_item(request, ctx, edit, idempotency_key)


@router.get("/topics/{topic_id}/settings")
def get_topic_settings(response: Response, ctx: Ctx, topic_id: TopicId) -> TopicSettings:
    """Get a topic as configured, with the ETag for editing it."""
    return _ITEMS.show_item(response, ctx, topic_id)


@router.patch("/topics/{topic_id}", responses=EDITS)
async def update_topic(
    response: Response, ctx: Ctx, topic_id: TopicId, edit: Annotated[TopicEdit, Body()], etag: IfMatch
) -> SavedTopic:
    """Change a topic. A new `id` renames it, in digests as well, and keeps what it found."""
    return await _ITEMS.change_item(response, ctx, topic_id, edit, etag)


@router.delete("/topics/{topic_id}", status_code=204, responses=EDITS)
async def delete_topic(ctx: Ctx, topic_id: TopicId, etag: IfMatch) -> None:
    """Delete a topic. Its hits stay stored; digests go on without it."""
    await _ITEMS.remove_item(ctx, topic_id, etag)


@router.post("/topics/{topic_id}/restore", responses=CHANGES)
async def restore_topic(response: Response, ctx: Ctx, topic_id: TopicId) -> TopicSettings:
    """Add a deleted topic again, as it was."""
    await save(ctx, "api", lambda editor: use_cases.restore_topic(editor, topic_id))
    settings = _encode(make_editor(ctx, "api"), topic_id)
    set_etag(response, settings["etag"])
    return settings


async def _finish(ctx: WebContext, topic_id: str, edit: TopicEdit) -> SavedTopic:
    editor = make_editor(ctx, "api")
    days = edit.get("bring_in", 0)
    brought_in = await run_in_threadpool(use_cases.bring_in_hits, ctx.app, topic_id, days, editor)
    ctx.clear_cache()
    return {**_encode(editor, topic_id), "brought_in": brought_in}


def _encode(editor: Editor, topic_id: str) -> TopicSettings:
    return use_cases.encode_topic_settings(editor, find_topic(editor.app.settings.topics, topic_id))


_ITEMS = EditedItems[TopicEdit, TopicSettings, SavedTopic](
    create=use_cases.create_topic,
    update=use_cases.update_configured_topic,
    delete=use_cases.delete_topic,
    encode=_encode,
    finish=_finish,
)

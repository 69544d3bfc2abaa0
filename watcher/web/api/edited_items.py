"""The routes by which items of the configuration are edited: topics, feeds, digests and channels have one shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from fastapi import Request, Response

from watcher.app.configuration.editor import Editor
from watcher.web.api.edits import check_body, create_once, set_etag
from watcher.web.context import WebContext
from watcher.web.editing import make_editor, save

Edit = TypeVar("Edit", bound=Mapping[str, Any])
"""What is sent to edit an item."""
Item = TypeVar("Item", bound=Mapping[str, Any])
"""An item as configured; its `etag` is sent back as If-Match."""
Saved = TypeVar("Saved", bound=Mapping[str, Any])
"""What answers that an item was saved."""


@dataclass(frozen=True, kw_only=True)  # no slots: Python 3.11 sets `__orig_class__` of a generic one
class EditedItems(Generic[Edit, Item, Saved]):
    """Items of one kind, and what edits them; each use case returns the name that the item has then.

    `finish` is awaited after an item was created or changed, and returns its answer; without it the item is the answer.
    """

    create: Callable[[Editor, Edit], str]
    update: Callable[[Editor, str, Edit, str], str]
    delete: Callable[[Editor, str, str], object]
    encode: Callable[[Editor, str], Item]
    finish: Callable[[WebContext, str, Edit], Awaitable[Saved]] | None = None

    async def add_item(self, request: Request, ctx: WebContext, edit: Edit, key: str | None) -> Response:
        """Add an item and answer with 201; `key` is the Idempotency-Key."""

        async def add() -> Saved:
            """Add the item."""
            name = await save(ctx, "api", lambda editor: self.create(editor, edit))
            return await self._answer(ctx, name, edit)

        return await create_once(request, ctx, key, edit, add)

    def show_item(self, response: Response, ctx: WebContext, name: str) -> Item:
        """Return an item with its ETag; raises NotFoundError."""
        item = self.encode(make_editor(ctx, "api"), name)
        set_etag(response, item["etag"])
        return item

    async def change_item(self, response: Response, ctx: WebContext, name: str, edit: Edit, etag: str) -> Saved:
        """Change an item, and return it with its new ETag."""
        check_body(edit)
        new_name = await save(ctx, "api", lambda editor: self.update(editor, name, edit, etag))
        item = await self._answer(ctx, new_name, edit)
        set_etag(response, item["etag"])
        return item

    async def remove_item(self, ctx: WebContext, name: str, etag: str) -> None:
        """Delete an item."""
        await save(ctx, "api", lambda editor: self.delete(editor, name, etag))

    async def _answer(self, ctx: WebContext, name: str, edit: Edit) -> Saved:
        if self.finish is not None:
            return await self.finish(ctx, name, edit)
        return cast("Saved", self.encode(make_editor(ctx, "api"), name))

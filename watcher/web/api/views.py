"""Saved views: listed with their unread counts, created, renamed, ordered and deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from watcher.app.triage.counts import count_views
from watcher.app.triage.views import parse_view_name, parse_view_params, parse_view_query, save_view
from watcher.contract.triage import View, ViewList, encode_view
from watcher.contract.triage import ViewPage as PageName
from watcher.model.triage import MAX_VIEW_NAME_CHARACTERS, ViewPage
from watcher.store.database import Db
from watcher.store.triage import views
from watcher.store.triage.readers import load_reader
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext
from watcher.web.validation import MAX_JSON_INTEGER, Text, ViewId

router = APIRouter(tags=["views"])
_ViewName = Annotated[Text, Field(min_length=1, max_length=MAX_VIEW_NAME_CHARACTERS)]
_Values = Annotated[list[Annotated[Text, Field(max_length=20_000)]], Field(max_length=50)]
_Params = dict[Annotated[Text, Field(max_length=40)], _Values]


class NewView(BaseModel):
    """A list under a name; `params` are the parameters of the list's address."""

    model_config = ConfigDict(extra="forbid")
    name: _ViewName
    page: PageName = "hits"
    params: _Params = Field(default={}, max_length=20)


class ViewUpdate(BaseModel):
    """Changes of a view; what is absent or null stays."""

    model_config = ConfigDict(extra="forbid")
    name: _ViewName | None = None
    params: _Params | None = Field(default=None, max_length=20)


class ViewOrder(BaseModel):
    """The views in their order; those that are not named follow."""

    model_config = ConfigDict(extra="forbid")
    views: list[Annotated[int, Field(ge=1, le=MAX_JSON_INTEGER)]] = Field(max_length=100)


@router.get("/views")
def get_views(request: Request, ctx: Ctx) -> ViewList:
    """List your saved views with their unread counts."""
    with ctx.app.database.read() as db:
        return _encode_views(ctx, db, get_person(request).name)


@router.post("/views", status_code=201)
def post_view(request: Request, ctx: Ctx, new: NewView) -> View:
    """Save a list under a name, once it can be shown."""
    person = get_person(request).name
    with ctx.app.database.write() as db:
        view = save_view(db, person, new.name, ViewPage(new.page), new.params, ctx.now)
        _check_view(ctx, db, person, view.id)
        made = _find_view(ctx, db, person, view.id)
    ctx.clear_cache()
    return made


@router.patch("/views/{view_id}")
def patch_view(request: Request, ctx: Ctx, view_id: ViewId, update: ViewUpdate) -> View:
    """Rename a view, or replace its parameters."""
    person = get_person(request).name
    with ctx.app.database.write() as db:
        view = views.get_view(db, person, view_id)
        name = None if update.name is None else parse_view_name(update.name)
        params = None if update.params is None else parse_view_params(view.page, update.params)
        views.update_view(db, view, name=name, params=params)
        _check_view(ctx, db, person, view_id)
        changed = _find_view(ctx, db, person, view_id)
    ctx.clear_cache()
    return changed


@router.delete("/views/{view_id}")
def delete_saved_view(request: Request, ctx: Ctx, view_id: ViewId) -> View:
    """Delete a view; it can be restored for a month."""
    with ctx.app.database.write() as db:
        view = views.delete_view(db, get_person(request).name, view_id, ctx.now)
    ctx.clear_cache()
    return encode_view(view, None)


@router.post("/views/{view_id}/restore")
def post_view_restore(request: Request, ctx: Ctx, view_id: ViewId) -> View:
    """Restore a deleted view."""
    person = get_person(request).name
    with ctx.app.database.write() as db:
        views.restore_view(db, person, view_id)
        restored = _find_view(ctx, db, person, view_id)
    ctx.clear_cache()
    return restored


@router.put("/views")
def put_view_order(request: Request, ctx: Ctx, order: ViewOrder) -> ViewList:
    """Put your views into an order."""
    person = get_person(request).name
    with ctx.app.database.write() as db:
        views.order_views(db, person, order.views)
        ordered = _encode_views(ctx, db, person)
    ctx.clear_cache()
    return ordered


def _check_view(ctx: WebContext, db: Db, person: str, view_id: int) -> None:
    """Raise UsageError or QueryError where the list of a view cannot be shown: then nothing is stored."""
    view, topic_ids = views.get_view(db, person, view_id), [topic.id for topic in ctx.app.settings.topics]
    parse_view_query(
        view, load_reader(db, person, ctx.now), topic_ids, ctx.now, lambda text: ctx.parse_query(text).query
    )


def _find_view(ctx: WebContext, db: Db, person: str, view_id: int) -> View:
    return next(view for view in _encode_views(ctx, db, person)["views"] if view["id"] == view_id)


def _encode_views(ctx: WebContext, db: Db, person: str) -> ViewList:
    topic_ids = [topic.id for topic in ctx.app.settings.topics]
    reader = load_reader(db, person, ctx.now)
    counted = count_views(db, reader, topic_ids, ctx.now, lambda text: ctx.parse_query(text).query)
    return {"views": [encode_view(counted_view.view, counted_view.unread) for counted_view in counted]}

"""Saved views: the list of them with unread counts and feeds, and the forms that save, rename, order and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from watcher.app.triage.views import parse_view_name, parse_view_query, save_view
from watcher.errors import UsageError
from watcher.model.triage import SavedView, ViewPage
from watcher.store.database import Db
from watcher.store.triage import views
from watcher.store.triage.readers import load_reader
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import Form, SubmittedForm, redirect_back
from watcher.web.pages.row_marks import list_view_lines
from watcher.web.render.environment import link
from watcher.web.validation import ViewId

router = APIRouter(include_in_schema=False)
_MAX_FIELDS = 200


@router.get("/views")
def show_views(request: Request, ctx: Ctx) -> Response:
    """Show the visitor's saved views; `deleted` is the number of the one that was deleted last, to be restored."""
    with ctx.app.database.read() as db:
        reader = load_reader(db, get_person(request).name, ctx.now)
    deleted = request.query_params.get("deleted", "")
    return ctx.render_page(
        request,
        "views.html",
        lines=list_view_lines(ctx, reader),
        feed_base=(ctx.gate.base_url or str(request.base_url)).rstrip("/"),
        deleted=int(deleted) if deleted.isascii() and deleted.isdigit() and len(deleted) < 19 else None,
    )


@router.get("/views/{view_id}")
def open_view(request: Request, ctx: Ctx, view_id: ViewId) -> Response:
    """Lead to the list that a view shows."""
    with ctx.app.database.read() as db:
        view = views.get_view(db, get_person(request).name, view_id)
    return redirect_back(get_view_path(view), "/hits")


@router.post("/views")
async def add_view(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Save the list that the visitor looks at, once it can be shown."""
    if form.get("page") not in list(ViewPage):
        raise HTTPException(400, "This is not a list that can be saved.")
    page, params = ViewPage(form.get("page")), _parse_params(form.get("params"))

    def add(db: Db, person: str) -> SavedView:
        """Store it."""
        view = save_view(db, person, form.get("name"), page, params, ctx.now)
        topic_ids = [topic.id for topic in ctx.app.settings.topics]
        reader = load_reader(db, person, ctx.now)
        parse_view_query(view, reader, topic_ids, ctx.now, lambda text: ctx.parse_query(text).query)
        return view

    return await _change(request, ctx, form, add, get_view_path)


@router.post("/views/{view_id}/rename")
async def rename_view(request: Request, ctx: Ctx, view_id: ViewId, form: SubmittedForm) -> Response:
    """Rename a view."""
    name = parse_view_name(form.get("name"))

    def rename(db: Db, person: str) -> SavedView:
        """Store the name."""
        return views.update_view(db, views.get_view(db, person, view_id), name=name)

    return await _change(request, ctx, form, rename)


@router.post("/views/{view_id}/move")
async def move_view(request: Request, ctx: Ctx, view_id: ViewId, form: SubmittedForm) -> Response:
    """Move a view up or down among the visitor's views."""
    step = {"up": -1, "down": 1}.get(form.get("to"))
    if step is None:
        raise HTTPException(400, "A view moves up or down.")

    def move(db: Db, person: str) -> SavedView:
        """Store the order."""
        view = views.get_view(db, person, view_id)
        ids = [other.id for other in views.list_views(db, person)]
        place = ids.index(view_id)
        ids.insert(max(0, place + step), ids.pop(place))
        views.order_views(db, person, ids)
        return view

    return await _change(request, ctx, form, move)


@router.post("/views/{view_id}/delete")
async def delete_view(request: Request, ctx: Ctx, view_id: ViewId, form: SubmittedForm) -> Response:
    """Delete a view; the page then offers to undo it."""

    def delete(db: Db, person: str) -> SavedView:
        """Mark it deleted."""
        return views.delete_view(db, person, view_id, ctx.now)

    return await _change(request, ctx, form, delete, lambda view: f"/views?deleted={view.id}")


@router.post("/views/{view_id}/restore")
async def restore_view(request: Request, ctx: Ctx, view_id: ViewId, form: SubmittedForm) -> Response:
    """Restore a view that was deleted."""

    def restore(db: Db, person: str) -> SavedView:
        """Mark it as there."""
        return views.restore_view(db, person, view_id)

    return await _change(request, ctx, form, restore)


def get_view_path(view: SavedView) -> str:
    """Return the address of the list that a view shows."""
    return link(f"/{view.page.value}", {name: list(values) for name, values in view.params.items()})


async def _change(
    request: Request,
    ctx: WebContext,
    form: Form,
    change: Callable[[Db, str], SavedView],
    get_path: Callable[[SavedView], str] = lambda _view: "/views",
) -> Response:
    """Carry out a change of the visitor's views; a script is answered with the view's number."""
    person = get_person(request).name

    def store() -> SavedView:
        """Store the change."""
        with ctx.app.database.write() as db:
            return change(db, person)

    view = await run_in_threadpool(store)
    ctx.clear_cache()
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": view.id, "name": view.name})
    return redirect_back(form.get("next") or get_path(view), "/views")


def _parse_params(query: str) -> Mapping[str, list[str]]:
    try:
        return parse_qs(query, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise UsageError("This list has too many filters to be saved.") from error

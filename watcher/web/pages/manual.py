"""The manual, for everybody: who cannot log in reads there what to do. The files are those of docs/."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from watcher.web.context import Ctx
from watcher.web.render.manual import INDEX, find_picture, list_manual_parts, load_manual_page

router = APIRouter(include_in_schema=False)


@router.get("/help")
def show_manual(request: Request, ctx: Ctx) -> Response:
    """Show the first page of the manual."""
    return show_manual_page(request, ctx, INDEX)


@router.get("/help/{name:path}")
def show_manual_page(request: Request, ctx: Ctx, name: str) -> Response:
    """Show a page of the manual, or send a picture of it."""
    if (picture := find_picture(name)) is not None:
        return FileResponse(picture, headers={"Cache-Control": "public, max-age=3600"})
    page = load_manual_page(name, ctx.gate.prefix)
    if page is None:
        raise HTTPException(404, "The manual has no such page." if list_manual_parts() else "The manual is not here.")
    return ctx.render_page(request, "manual.html", page=page, parts=list_manual_parts())

"""Settings: how long things are kept, contact, address and password of the page, translation; history and undo."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from watcher.app.configuration.values import encode_settings, update_settings
from watcher.contract.configuration import SettingsEdit
from watcher.errors import UsageError, WatcherError
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import get_saved, list_faults, pick_changes, save_and_redirect, split_lines, try_edit

router = APIRouter(include_in_schema=False)
FIELDS: dict[str, tuple[str, ...]] = {
    "retention": ("entries", "hits", "polls", "payloads"),
    "fetch": ("contact",),
    "web": ("base_url",),
    "translate": ("url", "model", "to"),
    "summarise": ("url", "model"),
}
"""The values in the form that are plain text."""
SECRETS = {"translate": "api_key", "summarise": "api_key"}
SHOWN_VERSIONS = 50
UNDONE_ON = frozenset({"/feeds", "/topics", "/digests", "/settings", "/history"})
"""Pages that an undo may lead back to: a form's field must not lead anywhere else."""


@router.get("/settings")
def show_settings(request: Request, ctx: Ctx) -> Response:
    """Show the form."""
    return _render_form(request, ctx)


@router.post("/settings")
async def change_settings(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Change what was changed in the form."""
    before: Any = encode_settings(make_editor(ctx, "page"))
    typed = _read_form(form)
    etag = form.get("etag")

    async def change() -> Response:
        """Write what was changed."""
        edit: dict[str, dict[str, Any]] = {}
        for section, values in typed.items():
            if changed := pick_changes(before[section], values):
                edit[section] = changed
        for section, key in SECRETS.items():
            if secret := form.get(f"{section}.{key}").strip():
                edit.setdefault(section, {})[key] = secret
        if password := form.get("password"):
            if password != form.get("password_again"):
                raise UsageError("The two passwords are not the same.")
            edit.setdefault("web", {})["password"] = password
        sent: SettingsEdit = edit  # type: ignore[assignment]
        return await save_and_redirect(ctx, lambda editor: update_settings(editor, sent, etag), "/settings")

    def show(error: WatcherError, status: int) -> Response:
        """Show the form with what was typed."""
        shown = {section: {**before[section], **values} for section, values in typed.items()}
        return _render_form(request, ctx, {**before, **shown}, error, status)

    return await try_edit(change, show)


@router.get("/history")
def show_history(request: Request, ctx: Ctx) -> Response:
    """Show the latest edits of the configuration, each with undo."""
    return _render_history(request, ctx)


@router.post("/history/undo")
async def undo_edit(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Undo an edit."""
    number = form.get("number")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise UsageError("This is not the number of an edit.")

    async def undo() -> Response:
        """Write the files as they were before the edit."""
        page = form.get("next")
        return await save_and_redirect(
            ctx, lambda editor: editor.undo(int(number)), page if page in UNDONE_ON else "/history"
        )

    return await try_edit(undo, lambda error, status: _render_history(request, ctx, error, status))


def _read_form(form: Form) -> dict[str, dict[str, Any]]:
    typed: dict[str, dict[str, Any]] = {
        section: {key: form.get(f"{section}.{key}").strip() or None for key in keys} for section, keys in FIELDS.items()
    }
    typed["web"]["hosts"] = split_lines(form.get("web.hosts"))
    typed["translate"]["to"] = typed["translate"]["to"] or "en"
    return typed


def _render_form(
    request: Request, ctx: WebContext, values: Any = None, error: WatcherError | None = None, status: int = 200
) -> Response:
    settings = encode_settings(make_editor(ctx, "page"))
    return ctx.render_page(
        request, "settings.html", status, values=values or settings, settings=settings, faults=list_faults(error),
        error=error, saved=get_saved(request, ctx), login_needed=ctx.gate.login_needed,
    )  # fmt: skip


def _render_history(
    request: Request, ctx: WebContext, error: WatcherError | None = None, status: int = 200
) -> Response:
    editor = make_editor(ctx, "page")
    versions = editor.list_versions(SHOWN_VERSIONS)
    undoable = {version.number for version in versions if editor.may_undo(version.number)}
    return ctx.render_page(
        request, "history.html", status, versions=versions, undoable=undoable, faults=list_faults(error), error=error,
        saved=get_saved(request, ctx),
    )  # fmt: skip

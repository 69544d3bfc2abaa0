"""What the pages that edit share: what was just saved, with undo, and what a form changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from watcher.app.configuration.editor import Editor
from watcher.errors import (
    BusyError,
    ConfigError,
    ConflictError,
    NotFoundError,
    QueryError,
    RefusedEditError,
    UsageError,
    WatcherError,
)
from watcher.settings.edit_history import Version
from watcher.web.context import WebContext
from watcher.web.editing import make_editor, save_edit
from watcher.web.errors import get_http_status
from watcher.web.render.environment import link

EXPECTED = (UsageError, QueryError, ConfigError, ConflictError, NotFoundError, BusyError)
"""Errors that a form shows beside what was typed."""


@dataclass(frozen=True, slots=True)
class SavedEdit:
    """What the visitor has just saved, in a sentence; `number` is that of the edit, None where nothing changed."""

    summary: str
    number: int | None


def get_saved(request: Request, ctx: WebContext) -> SavedEdit | None:
    """Return the edit that the visitor has just made, by the parameter `saved`; None where it is none of theirs."""
    number = request.query_params.get("saved", "")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        return None
    if not int(number):
        return SavedEdit("Nothing changed", None)
    editor = make_editor(ctx, "page")
    try:
        version = editor.load_version(int(number))
    except (NotFoundError, ConfigError):
        return None
    if not editor.may_undo(version.number):
        return None
    return SavedEdit(version.summary, version.number)


async def save_and_redirect(ctx: WebContext, change: Callable[[Editor], Any], path: str, **params: Any) -> Response:
    """Save a change and redirect to a page that says what was saved, with undo. Raises what the change raises."""
    _result, version = await save_edit(ctx, "page", change)
    return redirect_saved(version, path, **params)


def redirect_saved(version: Version | None, path: str, **params: Any) -> Response:
    """Return a redirect to a page that says what was saved, or that nothing changed."""
    return RedirectResponse(link(path, {**params, "saved": version.number if version is not None else 0}), 303)


async def try_edit(edit: Callable[[], Awaitable[Response]], show: Callable[[WatcherError, int], Response]) -> Response:
    """Return the answer to an edit; where it is refused, that of `show` with the error and its HTTP status."""
    try:
        return await edit()
    except EXPECTED as error:
        return show(error, get_http_status(error))


def list_faults(error: WatcherError | None) -> list[str]:
    """Return the reasons of an error as sentences for a form: without the files, which the visitor did not write."""
    if isinstance(error, RefusedEditError):
        return [fault.message.replace("`", "") for fault in error.faults]
    return [str(error).replace("`", "")] if error is not None else []


def pick_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form changed: what was left as it was is not written, be it a default or a reference."""
    return {key: value for key, value in after.items() if value != before.get(key)}


def split_lines(text: str) -> list[str]:
    """Return the lines of a field, without blanks."""
    return [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]


def split_commas(text: str) -> list[str]:
    """Return the words of a field that are separated by commas."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]

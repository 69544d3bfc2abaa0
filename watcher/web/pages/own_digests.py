"""A person's own digests in a form: topics, times and zone of one's own, mailed to one's own address."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Request, Response

from watcher.app.configuration import own_digests as use_cases
from watcher.app.configuration.own_digests import list_mail_channels, require_own_digest
from watcher.contract.configuration import OwnDigestEdit
from watcher.errors import UsageError, WatcherError
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor, save
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.digest_edits import encode_form_values, list_form_choices, suggest_timezone
from watcher.web.pages.edits import list_faults, pick_changes, try_edit
from watcher.web.pages.outcomes import redirect_with_outcome

router = APIRouter(include_in_schema=False)
NEW: dict[str, Any] = {
    "title": "",
    "schedule": "weekdays at 7:00",
    "timezone": "UTC",
    "topics": [],
    "to": "",
    "etag": "",
}
"""What the form of a new digest holds."""


@router.get("/account/digests/new")
def show_new_own_digest(request: Request, ctx: Ctx) -> Response:
    """Show the form of a new digest of one's own."""
    return _render_form(request, ctx, {**NEW, "timezone": suggest_timezone(ctx)}, name="")


@router.post("/account/digests/new")
async def submit_own_digest(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Add a digest of one's own, or show when its schedule would come."""
    values = _read_form(form)

    async def create() -> Response:
        """Add the digest."""
        edit: OwnDigestEdit = {**pick_changes(NEW, values), "schedule": values["schedule"], "to": values["to"]}  # type: ignore[typeddict-item]
        await save(ctx, "page", lambda editor: use_cases.create_own_digest(editor, edit))
        return redirect_with_outcome("/account", "digest")

    if form.get("do") == "check":
        return _render_form(request, ctx, {**NEW, **values}, name="")
    return await try_edit(
        create, lambda error, status: _render_form(request, ctx, {**NEW, **values}, "", error, status)
    )


@router.get("/account/digests/edit")
def show_own_digest(request: Request, ctx: Ctx, name: str = Query(max_length=64)) -> Response:
    """Show the form of one of the person's digests."""
    return _render_form(request, ctx, _encode(ctx, name), name)


@router.post("/account/digests/edit")
async def change_own_digest(
    request: Request, ctx: Ctx, form: SubmittedForm, name: str = Query(max_length=64)
) -> Response:
    """Change one of the person's digests, or show when its schedule would come."""
    before = _encode(ctx, name)
    values, etag = _read_form(form), form.get("etag")
    shown = {**before, **values, "etag": etag}

    async def change() -> Response:
        """Write what was changed."""
        edit: OwnDigestEdit = pick_changes(before, values)  # type: ignore[assignment]
        await save(ctx, "page", lambda editor: use_cases.update_own_digest(editor, name, edit, etag))
        return redirect_with_outcome("/account", "digest")

    if form.get("do") == "check":
        return _render_form(request, ctx, shown, name)
    return await try_edit(change, lambda error, status: _render_form(request, ctx, shown, name, error, status))


@router.post("/account/digests/act")
async def act_on_own_digest(ctx: Ctx, form: SubmittedForm) -> Response:
    """Pause, resume or end one of the person's digests."""
    name, do = form.get("name"), form.get("do")
    require_own_digest(make_editor(ctx, "page"), name)
    if do in ("pause", "resume"):
        edit: OwnDigestEdit = {"paused": do == "pause"}
        await save(ctx, "page", lambda editor: use_cases.update_own_digest(editor, name, edit, "*"))
        return redirect_with_outcome("/account", f"digest-{do}")
    if do != "end":
        raise UsageError("This form has no such button.")
    await save(ctx, "page", lambda editor: use_cases.delete_own_digest(editor, name, "*"))
    return redirect_with_outcome("/account", "digest-end")


def _read_form(form: Form) -> dict[str, Any]:
    return {
        "title": form.get("title").strip(),
        "schedule": " ".join(form.get("schedule").split()),
        "timezone": form.get("timezone").strip() or "UTC",
        "topics": [] if form.get("all_topics") else form.get_all("topic"),
        "to": form.get("to").strip(),
    }


def _encode(ctx: WebContext, name: str) -> dict[str, Any]:
    """Return a digest as its form shows it. Raises NotFoundError where it is somebody else's."""
    values = encode_form_values(ctx, require_own_digest(make_editor(ctx, "page"), name))
    return values | {"to": ", ".join(values["to"])}


def _render_form(
    request: Request,
    ctx: WebContext,
    values: dict[str, Any],
    name: str,
    error: WatcherError | None = None,
    status: int = 200,
) -> Response:
    return ctx.render_page(
        request, "own_digest.html", status, values=values, name=name, faults=list_faults(error), error=error,
        **list_form_choices(ctx, values), channels=list_mail_channels(ctx.app.settings),
    )  # fmt: skip

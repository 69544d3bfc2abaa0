"""Digests made and changed in a form: what is sent, when and where to; pause, send now, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse

from watcher.app.configuration import digests as use_cases
from watcher.app.configuration.digests import encode_digest_settings, find_digest
from watcher.contract.configuration import DigestEdit
from watcher.digest.schedule_text import IMMEDIATE, convert_to_cron, format_schedule
from watcher.digest.slots import list_next_slots, validate_schedule
from watcher.errors import UsageError, WatcherError
from watcher.model.digest import Subscription
from watcher.settings.timezones import list_timezones
from watcher.text.written_values import NAME, make_plain_name
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import get_saved, list_faults, pick_changes, save_and_redirect, try_edit
from watcher.web.render.times import format_in_zone

router = APIRouter(include_in_schema=False)
NEW: dict[str, Any] = {
    "name": "", "title": "", "schedule": "weekdays at 7:00", "timezone": "UTC", "channels": [], "topics": [],
    "language": "en", "empty": "skip", "max_stories": 25, "quiet": None, "include_backfill": False, "etag": "",
}  # fmt: skip
"""What the form of a new digest holds."""


@router.get("/digests/new")
def show_new_digest(request: Request, ctx: Ctx) -> Response:
    """Show the form of a new digest."""
    timezone = suggest_timezone(ctx)
    channels = [channel.name for channel in ctx.app.settings.channels][:1]
    return _render_form(request, ctx, {**NEW, "timezone": timezone, "channels": channels}, name="")


@router.post("/digests/new")
async def submit_new_digest(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Add a digest, or show when its schedule would come."""
    values = _read_form(form)
    values["name"] = form.get("name").strip() or _make_name(values["title"])

    async def create() -> Response:
        """Add the digest."""
        edit: DigestEdit = {"name": values["name"], **pick_changes(NEW, values), "schedule": values["schedule"]}  # type: ignore[typeddict-item]
        edit["channels"] = values["channels"]
        return await save_and_redirect(ctx, lambda editor: use_cases.create_digest(editor, edit), "/digests")

    if form.get("do") == "check":
        return _render_form(request, ctx, {**NEW, **values}, name="")
    return await try_edit(
        create, lambda error, status: _render_form(request, ctx, {**NEW, **values}, "", error, status)
    )


@router.get("/digests/edit")
def show_digest_form(request: Request, ctx: Ctx, name: str = Query(max_length=64)) -> Response:
    """Show a digest's form."""
    digest = find_digest(ctx.app.settings.subscriptions, name)
    return _render_form(request, ctx, encode_form_values(ctx, digest), name=name)


@router.post("/digests/edit")
async def change_digest(request: Request, ctx: Ctx, form: SubmittedForm, name: str = Query(max_length=64)) -> Response:
    """Change a digest, or show when its schedule would come."""
    digest = find_digest(ctx.app.settings.subscriptions, name)
    before = encode_form_values(ctx, digest)
    values = _read_form(form)
    values["name"] = form.get("name").strip() or name
    shown = {**before, **values, "etag": form.get("etag")}

    async def change() -> Response:
        """Write what was changed."""
        edit: DigestEdit = pick_changes(before, values)  # type: ignore[assignment]
        etag = form.get("etag")
        return await save_and_redirect(
            ctx, lambda editor: use_cases.update_digest(editor, name, edit, etag), "/digests"
        )

    if form.get("do") == "check":
        return _render_form(request, ctx, shown, name=name)
    return await try_edit(change, lambda error, status: _render_form(request, ctx, shown, name, error, status))


@router.get("/digests/times")
def show_next_times(
    ctx: Ctx, schedule: str = Query("", max_length=200), timezone: str = Query("UTC", max_length=64)
) -> Response:
    """Return when a schedule that is being typed would come, in words, or why it cannot be read."""
    times = find_times(ctx, " ".join(schedule.split()), timezone.strip() or "UTC")
    message = f"Cannot read this schedule: {times.fault}" if times.fault else times.describe()
    return JSONResponse({"ok": not times.fault, "said": message})


@router.post("/digests/act")
async def act_on_digest(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Pause, resume, send or delete a digest."""
    name, do = form.get("name"), form.get("do")
    find_digest(ctx.app.settings.subscriptions, name)
    if do in ("pause", "resume"):
        edit: DigestEdit = {"paused": do == "pause"}
        return await save_and_redirect(ctx, lambda editor: use_cases.update_digest(editor, name, edit, "*"), "/digests")
    if do == "delete":
        return await save_and_redirect(ctx, lambda editor: use_cases.delete_digest(editor, name, "*"), "/digests")
    if do != "send":
        raise UsageError("This form has no such button.")
    sent = await run_in_threadpool(use_cases.send_digest_now, ctx.app, name, make_editor(ctx, "page"))
    ctx.clear_cache()
    return RedirectResponse(f"/digests/{sent['id']}" if sent["id"] else "/digests", 303)


def _read_form(form: Form) -> dict[str, Any]:
    # What is left empty is as the configuration has it by default.
    start, end = form.get("quiet_start").strip(), form.get("quiet_end").strip()
    limit = form.get("max_stories").strip()
    return {
        "title": " ".join(form.get("title").split()),
        "schedule": " ".join(form.get("schedule").split()),
        "timezone": form.get("timezone").strip() or "UTC",
        "channels": form.get_all("channel"),
        "topics": [] if form.get("all_topics") else form.get_all("topic"),
        "language": form.get("language").strip() or "en",
        "empty": form.get("empty") or "skip",
        "max_stories": int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 9 else limit or 25,
        "quiet": {"start": start, "end": end} if start or end else None,
        "include_backfill": bool(form.get("include_backfill")),
    }


def encode_form_values(ctx: WebContext, digest: Subscription) -> dict[str, Any]:
    """Return a digest as its form shows it: with its schedule in words, where there are words for it."""
    values = dict(encode_digest_settings(make_editor(ctx, "page"), digest))
    words = format_schedule(digest.schedule).lower()
    try:
        if convert_to_cron(words) == convert_to_cron(digest.schedule):
            values["schedule"] = words
    except ValueError:
        pass  # an alert, or a cron that has no words
    return values


def _make_name(title: str) -> str:
    """Return a name made from a title; empty where it has no letters for one."""
    name = make_plain_name(title.lower())
    return name if NAME.fullmatch(name) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTimes:
    """When a schedule comes next, in its time zone; `fault` says why it cannot be read."""

    schedule: str
    timezone: str
    next_at: tuple[datetime, ...] = ()
    fault: str = ""

    def describe(self) -> str:
        """Return the next times as a sentence."""
        if self.next_at:
            return f"Next: {'; '.join(format_in_zone(at, self.timezone) for at in self.next_at)}."
        return "An alert: sent when a story begins." if self.schedule.lower() == IMMEDIATE else ""


def suggest_timezone(ctx: WebContext) -> str:
    """Return the zone that all digests have, for one more; UTC where they differ or there are none."""
    zones = {digest.timezone for digest in ctx.app.settings.subscriptions}
    return next(iter(zones)) if len(zones) == 1 else "UTC"


def list_form_choices(ctx: WebContext, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every form of a digest offers: the next times of its schedule, the topics and the time zones."""
    return {
        "times": find_times(ctx, values["schedule"], values["timezone"]),
        "topics": ctx.app.settings.topics,
        "zones": sorted(zone for zone in list_timezones() if "/" in zone or zone == "UTC"),
    }


def find_times(ctx: WebContext, schedule: str, timezone: str) -> NextTimes:
    try:
        validate_schedule(schedule, timezone)
    except ValueError as error:
        return NextTimes(schedule=schedule, timezone=timezone, fault=str(error))
    draft = Subscription(name="draft", schedule=schedule.lower(), channels=(), timezone=timezone)
    return NextTimes(schedule=schedule, timezone=timezone, next_at=list_next_slots(draft, ctx.now))


def _render_form(
    request: Request,
    ctx: WebContext,
    values: dict[str, Any],
    name: str,
    error: WatcherError | None = None,
    status: int = 200,
) -> Response:
    settings = ctx.app.settings
    return ctx.render_page(
        request, "digest_form.html", status, values=values, name=name, faults=list_faults(error), error=error,
        **list_form_choices(ctx, values), channels=settings.channels,
        saved=get_saved(request, ctx),
    )  # fmt: skip

"""The first-start page: what to watch, where to look, where digests go, when; one form that works without a script."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.app.configuration.channels import build_channel, send_test_message
from watcher.app.setup.first_digest import DEFAULT_DAYS
from watcher.app.setup.first_start import is_setup_needed
from watcher.app.setup.preparation import (
    DEFAULT_SCHEDULE,
    DEFAULT_TITLE,
    ChannelTestFailedError,
    draft_watched_topic,
)
from watcher.app.setup.run import encode_packs
from watcher.contract.configuration import ChannelEdit
from watcher.contract.deliveries import ChannelTest
from watcher.contract.setup import SetupAnswers, Watch
from watcher.digest.schedule_text import format_schedule
from watcher.digest.slots import list_next_slots, validate_schedule
from watcher.errors import ParseError, QueryError, UsageError
from watcher.fetch import Candidate, discover
from watcher.model.digest import Subscription
from watcher.settings.local_zone import find_local_timezone
from watcher.settings.packs import list_packs
from watcher.settings.timezones import list_timezones
from watcher.web.context import Ctx, WebContext, get_session
from watcher.web.errors import get_http_status
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import EXPECTED, list_faults, split_lines
from watcher.web.setting_up import set_up
from watcher.web.setup_drafts import SetupDraft

router = APIRouter(include_in_schema=False)
LANGUAGES = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano", "nl": "Nederlands",
    "pl": "Polski", "pt": "Português", "uk": "Українська", "ru": "Русский",
    "ar": "العربية", "zh": "中文", "ja": "日本語",
}  # fmt: skip
SCHEDULES = ("weekdays at 7:00", "every day at 7:00", "every day at 7:00 and 17:00", "mondays at 8:00", "immediate")
FIELDS: dict[str, tuple[str, ...]] = {
    "email": ("to", "host", "port", "security", "username", "password", "sender"),
    "slack": ("webhook_url",),
    "webhook": ("url", "secret"),
    "file": ("folder",),
}
"""The options of each kind of channel that the page asks for."""
SECRETS = {"email": ("password",), "slack": ("webhook_url",), "webhook": ("url", "secret"), "file": ()}
"""Of these, those that are not sent back to the browser."""
TLS_PORT, PLAIN_PORT = 465, 25


@dataclass(slots=True, kw_only=True)
class Shown:
    """What the page shows besides the form: answers to its buttons, each beside what it is about."""

    faults: list[str] = field(default_factory=list)
    status: int = 200
    found_by: str = ""
    watch_fault: str = ""
    candidates: list[Candidate] = field(default_factory=list)
    feed_faults: list[str] = field(default_factory=list)
    tests: dict[str, ChannelTest] = field(default_factory=dict)
    channel_faults: dict[str, str] = field(default_factory=dict)


@router.get("/setup")
async def show_setup(request: Request, ctx: Ctx) -> Response:
    """Show the form; once something is watched, how far the first digest is."""
    if not is_setup_needed(ctx.app.settings):
        return RedirectResponse("/setup/done", 303)
    zone = await run_in_threadpool(find_local_timezone, ctx.app.environ)
    values = {
        "language": "en", "timezone": zone, "packs": [], "sites": "", "feeds": [], "kinds": [], "title": DEFAULT_TITLE,
        "schedule": DEFAULT_SCHEDULE, "days": str(DEFAULT_DAYS), "watch": "", "words": "",
        "options": {"email": {"port": "587", "security": "starttls"}, "file": {"folder": "digests"}},
    }  # fmt: skip
    return _render(request, ctx, values, Shown())


@router.post("/setup")
async def submit_setup(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Do what a button of the form says: find words or feeds, test a channel, show the next times, or start."""
    if not is_setup_needed(ctx.app.settings):
        return RedirectResponse("/setup/done", 303)
    draft = ctx.setting_up.get_draft(get_session(request).id)
    values = _read_values(form)
    _keep_secrets(draft, form, values)
    if uploaded := (await form.read_file("opml")).decode("utf-8", "replace").strip():
        draft.opml = uploaded
    shown = Shown()
    match form.get("do").partition("-"):
        case ("words", _, _):
            await _show_words(ctx, values, shown)
        case ("find", _, _):
            await _find_feeds(ctx, values, shown)
        case ("test", _, kind) if kind in FIELDS:
            await _test_channel(ctx, draft, values, kind, shown)
        case ("start", _, _):
            return await _start(request, ctx, draft, values)
        case _:
            pass  # the next times are shown in any case
    return _render(request, ctx, values, shown)


@router.get("/setup/done")
def show_setup_progress(request: Request, ctx: Ctx) -> Response:
    """Show how far the first digest is, and what to do next."""
    if is_setup_needed(ctx.app.settings):
        return RedirectResponse("/setup", 303)
    progress = ctx.setting_up.progress
    slots = [
        (digest, list_next_slots(digest, ctx.now)) for digest in ctx.app.settings.subscriptions if not digest.paused
    ]
    return ctx.render_page(
        request, "setup_done.html", progress=progress, slots=slots, topic_count=len(ctx.app.settings.topics),
        feed_count=sum(source.enabled for source in ctx.app.settings.sources),
        is_working=progress.state in ("reading", "composing"),
    )  # fmt: skip


async def _start(request: Request, ctx: WebContext, draft: SetupDraft, values: dict[str, Any]) -> Response:
    shown = Shown()
    try:
        await set_up(ctx, "page", _make_answers(draft, values))
    except ChannelTestFailedError as error:
        shown.tests = {test["kind"]: test for test in error.tests}
        shown.faults, shown.status = ["A test message did not arrive: see step 3."], 400
    except (*EXPECTED, ParseError) as error:
        shown.faults, shown.status = list_faults(error), get_http_status(error)
    if shown.faults:
        return _render(request, ctx, values, shown)
    return RedirectResponse("/setup/done", 303)


async def _show_words(ctx: WebContext, values: Mapping[str, Any], shown: Shown) -> None:
    """Show the query that would find what is to be watched."""
    watch = _read_watch(values)
    try:
        if watch is None or ctx.fetcher is None:
            raise UsageError("Write a sentence, or the address of an article.")
        shown.found_by = (await draft_watched_topic(ctx.fetcher, watch)).get("query") or ""
    except (UsageError, QueryError, ParseError) as error:
        shown.watch_fault, shown.status = str(error), 400


async def _find_feeds(ctx: WebContext, values: dict[str, Any], shown: Shown) -> None:
    """Look for the feeds of the sites that were typed; those that are chosen already stay."""
    from watcher.app.feeds import complete_address

    for address in split_lines(values["sites"]):
        try:
            if ctx.fetcher is None:
                raise UsageError("Nothing can be fetched here.")
            candidates = await discover(ctx.fetcher, complete_address(address))
        except (UsageError, ParseError) as error:
            shown.feed_faults.append(f"{address}: {error}")
            continue
        shown.candidates += candidates
        values["feeds"] += [candidate.url for candidate in candidates[:1] if candidate.url not in values["feeds"]]
        if not candidates:
            shown.feed_faults.append(f"{address}: no feed was found on this page.")


async def _test_channel(ctx: WebContext, draft: SetupDraft, values: dict[str, Any], kind: str, shown: Shown) -> None:
    """Send a test message, and show the answer beside the channel."""
    if kind not in values["kinds"]:
        values["kinds"].append(kind)
    edit = _make_channel(draft, values, kind)
    try:
        if ctx.fetcher is None:
            raise UsageError("Nothing can be sent from this process.")
        test = await send_test_message(ctx.app, build_channel(ctx.app, edit), ctx.fetcher, ctx.now)
    except UsageError as error:
        shown.channel_faults[kind], shown.status = str(error).replace("`", ""), 400
        return
    shown.tests[kind] = test
    if all(not result["fault"] for result in test["results"]):
        draft.accepted.add(_make_key(edit))


def _read_values(form: Form) -> dict[str, Any]:
    """Return what was typed, without secrets."""
    options = {
        kind: {name: form.get(f"{kind}-{name}").strip() for name in names if name not in SECRETS[kind]}
        for kind, names in FIELDS.items()
    }
    return {
        **{name: form.get(name).strip() for name in ("watch", "words", "sites", "title", "schedule", "days")},
        "language": form.get("language") or "en",
        "timezone": form.get("timezone").strip() or "UTC",
        "packs": form.get_all("pack"),
        "feeds": form.get_all("feed"),
        "kinds": [kind for kind in form.get_all("kind") if kind in FIELDS],
        "options": options,
    }


def _keep_secrets(draft: SetupDraft, form: Form, values: dict[str, Any]) -> None:
    """Keep the secrets that were typed; those of another server are not: they were meant for the former one."""
    server = values["options"]["email"].get("host", "")
    if draft.secrets.get("email-server", server) != server:
        draft.secrets.pop("email-password", None)
    draft.secrets["email-server"] = server
    for kind, names in SECRETS.items():
        for name in names:
            if text := form.get(f"{kind}-{name}").strip():
                draft.secrets[f"{kind}-{name}"] = text


def _make_channel(draft: SetupDraft, values: Mapping[str, Any], kind: str) -> ChannelEdit:
    options: dict[str, Any] = {name: text for name, text in values["options"][kind].items() if text}
    for name in SECRETS[kind]:
        if text := draft.secrets.get(f"{kind}-{name}"):
            options[name] = text
    # A sender is needed, and few people think of one: their user name is an address as a rule.
    if kind == "email":
        options["to"] = [part for part in options.get("to", "").replace("\n", ",").split(",") if part.strip()]
        options["to"] = [part.strip() for part in options["to"]]
        if not options.get("sender") and options["to"]:
            options["sender"] = options.get("username") if "@" in options.get("username", "") else options["to"][0]
        if not options.get("username"):
            options.pop("password", None)
    return {"name": {"email": "mail", "file": "files"}.get(kind, kind), "kind": kind, "options": options}


def _make_answers(draft: SetupDraft, values: Mapping[str, Any]) -> SetupAnswers:
    channels = [_make_channel(draft, values, kind) for kind in values["kinds"]]
    watch = _read_watch(values)
    days = values["days"]
    return {
        "language": values["language"],
        "timezone": values["timezone"],
        "watch": [watch] if watch else [],
        "packs": values["packs"],
        "feeds": [*values["feeds"], *([] if values["feeds"] else split_lines(values["sites"]))],
        "opml": draft.opml,
        "channels": channels,
        "digest": {"title": values["title"] or DEFAULT_TITLE, "schedule": values["schedule"] or DEFAULT_SCHEDULE},
        "test": any(_make_key(edit) not in draft.accepted for edit in channels),
        "first_digest_days": int(days) if days.isascii() and days.isdigit() and len(days) < 4 else DEFAULT_DAYS,
    }


def _read_watch(values: Mapping[str, Any]) -> Watch | None:
    text = values["watch"]
    if not text:
        return None
    words = split_lines(values["words"].replace(",", "\n"))
    is_address = text.lower().startswith(("http://", "https://")) and " " not in text
    return {"article": text, "words": words} if is_address else {"sentence": text, "words": words}


def _format_dates() -> dict[str, str]:
    """Return the days when packs were reviewed as a page shows them."""
    days = {pack.checked for pack in list_packs() if pack.checked is not None}
    return {day.isoformat(): f"{day.day} {day:%b %Y}" for day in days}


def _make_key(edit: ChannelEdit) -> str:
    """Return what identifies a channel as it was typed."""
    return hashlib.blake2b(json.dumps(edit, sort_keys=True).encode(), digest_size=16).hexdigest()


def _render(request: Request, ctx: WebContext, values: dict[str, Any], shown: Shown) -> Response:
    draft = ctx.setting_up.get_draft(get_session(request).id)
    # A schedule that cannot be read is shown beside its field, whatever button was pressed.
    fault = ""
    slots: tuple[datetime, ...] = ()
    try:
        validate_schedule(values["schedule"], values["timezone"])
        slots = list_next_slots(
            Subscription(name="draft", schedule=values["schedule"], channels=(), timezone=values["timezone"]), ctx.now
        )
    except ValueError as error:
        fault = str(error)
    return ctx.render_page(
        request, "setup.html", shown.status, values=values, shown=shown, packs=encode_packs(), languages=LANGUAGES,
        zones=sorted(zone for zone in list_timezones() if "/" in zone or zone == "UTC"),
        schedules=[(schedule, format_schedule(schedule)) for schedule in SCHEDULES], slots=slots, schedule_fault=fault,
        secrets={name for name, text in draft.secrets.items() if text and name != "email-server"},
        opml=bool(draft.opml), accepted=[
            kind for kind in values["kinds"] if _make_key(_make_channel(draft, values, kind)) in draft.accepted
        ], dates=_format_dates(),
    )  # fmt: skip

"""Channels made and changed in a form, and tested with a message. Secrets are written, never shown."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from fastapi import APIRouter, Query, Request, Response

from watcher.app.configuration import channels as use_cases
from watcher.app.configuration.channels import encode_channel_settings, find_channel, list_secret_names
from watcher.channels import CHANNELS
from watcher.contract.configuration import ChannelEdit
from watcher.errors import UsageError, WatcherError
from watcher.settings.secrets import list_secret_lists
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import get_saved, list_faults, pick_changes, save_and_redirect, split_lines, try_edit

router = APIRouter(include_in_schema=False)
KINDS = {
    "email": "E-mail", "slack": "Slack", "webhook": "Webhook", "file": "Files", "apprise": "Apprise (90 services)",
}  # fmt: skip
"""What pages call the kinds of channels; a kind that is not named here goes by its own name."""
LABELS = {
    "host": ("Mail server", "For example smtp.example.org"),
    "port": ("Port", "587 with STARTTLS, 465 with TLS"),
    "security": ("Encryption", ""),
    "username": ("User name", ""),
    "password": ("Password", ""),
    "sender": ("From", "For example News desk <news@example.org>"),
    "to": ("To", "One address a line"),
    "reply_to": ("Replies to", ""),
    "timeout": ("Wait at most", "For example 30s"),
    "on_uncertain": ("When nobody knows whether a message arrived", ""),
    "webhook_url": ("Webhook address", "It begins with https://hooks.slack.com/services/"),
    "token": ("Bot token", "Instead of a webhook address"),
    "channel": ("Conversation", "With a bot token: #name or its id"),
    "api_url": ("Address of the API", "Leave empty for Slack itself"),
    "url": ("Address", "For example https://example.org/hook"),
    "secret": ("Signing secret", "Each request is signed with it"),
    "folder": ("Folder", "A relative path counts from the state folder"),
    "formats": ("Formats", "One a line: html, text, markdown, json"),
    "urls": ("Service addresses", "One a line, as Apprise writes them"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a channel's form: `kind` is text, list, choice or secret."""

    name: str
    label: str
    hint: str
    kind: Literal["text", "list", "choice", "secret"]
    choices: tuple[str, ...] = ()
    required: bool = False


@router.get("/channels/new")
def show_new_channel(request: Request, ctx: Ctx, kind: str = "email") -> Response:
    """Show the form of a new channel of a kind."""
    if kind not in CHANNELS:
        raise UsageError("There is no such kind of channel.")
    values = {
        name: field.default
        for name, field in CHANNELS[kind].options_model.model_fields.items()
        if isinstance(field.default, (str, int, tuple))
    }
    return _render_form(request, ctx, kind, values, name="")


@router.post("/channels/new")
async def submit_new_channel(request: Request, ctx: Ctx, form: SubmittedForm, kind: str = "email") -> Response:
    """Add a channel."""
    if kind not in CHANNELS:
        raise UsageError("There is no such kind of channel.")
    options = _read_form(form, kind)
    name = form.get("name").strip()

    async def create() -> Response:
        """Add the channel with what was filled in."""
        edit: ChannelEdit = {"name": name, "kind": kind, "options": _drop_defaults(kind, options)}
        return await save_and_redirect(
            ctx, lambda editor: use_cases.create_channel(editor, edit), "/channels/edit", name=name
        )

    return await try_edit(
        create, lambda error, status: _render_form(request, ctx, kind, options, "", error, status, typed_name=name)
    )


@router.get("/channels/edit")
def show_channel_form(request: Request, ctx: Ctx, name: str = Query(max_length=64)) -> Response:
    """Show a channel's form, without its secrets."""
    channel = find_channel(ctx.app.settings.channels, name)
    settings = encode_channel_settings(make_editor(ctx, "page"), channel)
    return _render_form(request, ctx, channel.kind, settings["options"], name)


@router.post("/channels/edit")
async def change_channel(request: Request, ctx: Ctx, form: SubmittedForm, name: str = Query(max_length=64)) -> Response:
    """Change a channel; a secret that is left empty stays."""
    channel = find_channel(ctx.app.settings.channels, name)
    before = encode_channel_settings(make_editor(ctx, "page"), channel)["options"]
    options = _read_form(form, channel.kind)
    secrets = list_secret_names(channel.kind)
    new_name = form.get("name").strip() or name
    etag = form.get("etag")

    async def change() -> Response:
        """Write what was changed."""
        changed = pick_changes(before, {key: value for key, value in options.items() if key not in secrets})
        changed |= {key: options[key] for key in secrets if options.get(key)}
        changed |= {key: None for key in form.get_all("remove") if key in secrets}
        edit: ChannelEdit = {"name": new_name, "options": changed}
        return await save_and_redirect(
            ctx, lambda editor: use_cases.update_channel(editor, name, edit, etag), "/channels/edit", name=new_name
        )

    return await try_edit(
        change,
        lambda error, status: _render_form(
            request, ctx, channel.kind, {**before, **options}, name, error, status, typed_name=new_name
        ),
    )


@router.post("/channels/test")
async def submit_channel_test(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Send a test message, and show each step with its answer."""
    name = form.get("name")
    if ctx.fetcher is None:
        raise UsageError("Nothing can be sent from this process. Use `watcher channels test`.")
    result = await use_cases.test_channel(ctx.app, name, ctx.fetcher, make_editor(ctx, "page"))
    return ctx.render_page(request, "channel_test.html", name=name, result=result, kind=_name_kind(result["kind"]))


@router.post("/channels/delete")
async def submit_channel_removal(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Delete a channel that no digest needs."""
    name = form.get("name")
    channel = find_channel(ctx.app.settings.channels, name)
    options = encode_channel_settings(make_editor(ctx, "page"), channel)["options"]

    async def delete() -> Response:
        """Delete the channel."""
        return await save_and_redirect(ctx, lambda editor: use_cases.delete_channel(editor, name, "*"), "/digests")

    return await try_edit(
        delete, lambda error, status: _render_form(request, ctx, channel.kind, options, name, error, status)
    )


def list_fields(kind: str) -> list[Field]:
    """Return the fields of a kind of channel, as its options model has them."""
    model = CHANNELS[kind].options_model
    secrets = list_secret_names(kind)
    fields = []
    for name, field in model.model_fields.items():
        if name == "formerly":
            continue
        label, hint = LABELS.get(name, (name.replace("_", " ").capitalize(), ""))
        choices = _list_choices(field.annotation)
        is_list = "tuple" in str(field.annotation)
        fields.append(
            Field(
                name=name,
                label=label,
                hint=hint,
                kind="secret" if name in secrets else "choice" if choices else "list" if is_list else "text",
                choices=choices,
                required=field.is_required(),
            )
        )
    # What few people change stands last.
    return sorted(fields, key=lambda field: field.name in ("on_uncertain", "timeout", "api_url"))


def _list_choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return next((choices for part in get_args(annotation) if (choices := _list_choices(part))), ())
    return ()


def _read_form(form: Form, kind: str) -> dict[str, Any]:
    """Return the options that were typed; None for an empty field."""
    lists = list_secret_lists(CHANNELS[kind].options_model)
    options: dict[str, Any] = {}
    for field in list_fields(kind):
        text = form.get(field.name).strip()
        if field.kind == "list" or field.name in lists:
            options[field.name] = split_lines(text) or None
        elif text.isascii() and text.isdigit() and len(text) < 9:
            options[field.name] = int(text) if field.kind == "text" else text
        else:
            options[field.name] = text or None
    return options


def _drop_defaults(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that differ from what they are without being written."""
    fields = CHANNELS[kind].options_model.model_fields
    kept = {}
    for name, value in options.items():
        default = fields[name].default
        if value is not None and value != (list(default) if isinstance(default, tuple) else default):
            kept[name] = value
    return kept


def _name_kind(kind: str) -> str:
    return KINDS.get(kind, kind)


def _render_form(
    request: Request,
    ctx: WebContext,
    kind: str,
    options: dict[str, Any],
    name: str,
    error: WatcherError | None = None,
    status: int = 200,
    typed_name: str = "",
) -> Response:
    """Render the form; what was typed as a secret is not sent back."""
    known = next((channel for channel in ctx.app.settings.channels if channel.name == name), None)
    settings = encode_channel_settings(make_editor(ctx, "page"), known) if known is not None else None
    secrets = list_secret_names(kind)
    shown = {key: value for key, value in options.items() if key not in secrets}
    return ctx.render_page(
        request, "channel_form.html", status, kind=kind, kinds=[(option, _name_kind(option)) for option in CHANNELS],
        kind_name=_name_kind(kind), fields=list_fields(kind), values=shown, name=name, typed_name=typed_name or name,
        settings=settings, faults=list_faults(error), error=error, saved=get_saved(request, ctx),
    )  # fmt: skip

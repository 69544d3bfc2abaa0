"""Channels: create, change, rename, delete, and send a test message. Secrets are written into files, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from watcher.app.bootstrap import App
from watcher.app.configuration.editor import Editor, require_text, store_secrets
from watcher.channels import CHANNELS
from watcher.contract.configuration import ChannelEdit, ChannelSettings
from watcher.contract.deliveries import ChannelTest
from watcher.errors import Fault, NotFoundError, UsageError
from watcher.model.subscription import Channel
from watcher.settings.channels import read_channels
from watcher.settings.edit_files import Draft
from watcher.settings.secrets import list_secret_lists, secret_fields
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_edits import AddItem, RemoveItem, UpdateItem, format_item
from watcher.settings.yaml_nodes import parse
from watcher.text.suggest import find_nearest
from watcher.text.written_values import NAME

if TYPE_CHECKING:
    from watcher.fetch import Fetcher

_SERVER_KEYS = ("host", "api_url")
"""Options that say to which server secrets are sent."""


def find_channel(channels: tuple[Channel, ...], name: str) -> Channel:
    """Return the configured channel of a name; raises NotFoundError with the nearest one."""
    by_name = {channel.name: channel for channel in channels}
    if name not in by_name:
        raise NotFoundError("channel", name, find_nearest(name, by_name) or "")
    return by_name[name]


def create_channel(editor: Editor, edit: ChannelEdit) -> str:
    """Add a channel and return its name. Raises UsageError, and what an edit of the configuration raises."""
    editor.edit(lambda draft: add_channel(draft, edit))
    return edit["name"]


def add_channel(draft: Draft, edit: ChannelEdit) -> None:
    """Add a channel's section to a draft of the configuration. Raises UsageError."""
    name, kind = _read_name_and_kind(edit)
    if any(channel.name == name for channel in draft.settings.channels):
        raise UsageError(f"there is a channel {name!r} already")
    options = store_secrets(draft, CHANNELS[kind].options_model, f"channel-{name}", edit.get("options", {}))
    values = {"kind": kind, **{key: value for key, value in options.items() if value is not None}}
    draft.apply(AddItem(section="channels", name=name, values=values))
    draft.summary = f"Added the channel {name}"


def build_channel(app: App, edit: ChannelEdit) -> Channel:
    """Return a channel that is not saved, by the rules of watcher.yaml; raises UsageError with its faults."""
    name, kind = _read_name_and_kind(edit)
    options = {key: value for key, value in edit.get("options", {}).items() if value is not None}
    faults: list[Fault] = []
    root = parse(format_item({name: {"kind": kind, **options}}).removeprefix("- "), "", faults)
    channels, _names = read_channels(root, app.settings.folder, app.settings.state, faults)
    if faults or not channels:
        raise UsageError("; ".join(fault.message for fault in faults) or f"the channel {name!r} cannot be used")
    return channels[0]


def _read_name_and_kind(edit: ChannelEdit) -> tuple[str, str]:
    require_text(edit, "name", "kind")
    name, kind = edit["name"], edit["kind"]
    _require_name(name)
    if kind not in CHANNELS:
        raise UsageError(f"no kind of channel {kind!r}: use one of {', '.join(CHANNELS)}")
    return name, kind


def update_channel(editor: Editor, name: str, edit: ChannelEdit, etag: str) -> str:
    """Change a channel and return its name; a new one renames it, in the digests as well, and keeps its messages.

    Raises NotFoundError, ConflictError, UsageError, and what an edit of the configuration raises.
    """
    new_name = edit.get("name", name)
    _require_name(new_name)

    def plan(draft: Draft) -> None:
        """Change the channel's section, and the digests that name it."""
        channel = find_channel(draft.settings.channels, name)
        options = edit.get("options", {})
        model = CHANNELS[channel.kind].options_model
        editor.require_match("channel", name, channel, etag, options, list_secret_names(channel.kind))
        if edit.get("kind", channel.kind) != channel.kind:
            raise UsageError("a channel keeps its kind: add another one")
        _require_secrets_again(editor, channel, options)
        values = store_secrets(draft, model, f"channel-{name}", options)
        if new_name != name:
            if any(other.name == new_name for other in draft.settings.channels):
                raise UsageError(f"there is a channel {new_name!r} already")
            values["formerly"] = [*(f for f in channel.formerly if f != new_name), name]
        draft.apply(UpdateItem(section="channels", item=name, values=values, new_name=new_name))
        if new_name != name:
            _replace_in_digests(draft, name, new_name)
        draft.summary = f"Changed the channel {name}"

    editor.edit(plan)
    return new_name


def delete_channel(editor: Editor, name: str, etag: str) -> None:
    """Delete a channel; digests go on without it. Raises UsageError where one has no other."""

    def plan(draft: Draft) -> None:
        """Remove the channel's section, and its name from the digests."""
        channel = find_channel(draft.settings.channels, name)
        editor.require_match("channel", name, channel, etag, {})
        draft.apply(RemoveItem(section="channels", item=name))
        _replace_in_digests(draft, name, None)
        draft.summary = f"Deleted the channel {name}"

    editor.edit(plan)


async def test_channel(app: App, name: str, fetcher: Fetcher, editor: Editor) -> ChannelTest:
    """Send a test message to every recipient of a channel, and return each step with its answer.

    Raises NotFoundError; ConfigError where a secret of the channel is absent.
    """
    channel = find_channel(app.settings.channels, name)
    app.settings.require_secrets("channels")
    editor.record("channel tested", name)
    return await send_test_message(app, channel, fetcher, editor.now)


async def send_test_message(app: App, channel: Channel, fetcher: Fetcher, now: datetime) -> ChannelTest:
    """Send a test message to every recipient of a channel, saved or not, and return each step with its answer."""
    import asyncio

    from watcher.app.channel_encoding import encode_channel_test
    from watcher.channels.base import SenderContext
    from watcher.channels.senders import Senders
    from watcher.pipeline.channel_test import send_test
    from watcher.store.system.installation import get_installation_id

    def read_installation() -> str:
        """Return the identity of this database."""
        with app.database.write() as db:
            return get_installation_id(db)

    installation = await asyncio.to_thread(read_installation)
    senders = Senders(SenderContext(http=fetcher.client(), clock=lambda: now))
    results = await send_test(channel, senders, app.press().links, installation, now)
    return encode_channel_test(channel, results)


def encode_channel_settings(editor: Editor, channel: Channel) -> ChannelSettings:
    """Return a channel as configured, without its secrets."""
    options = channel.options
    secret_names = list_secret_names(channel.kind)
    # The address of a proxy for an API is no field of secrets, and may hold one all the same.
    hidden = set(options.secrets)
    shown: dict[str, Any] = {}
    set_secrets = []
    for key, value in options if isinstance(options, BaseModel) else ():
        if key in secret_names or (isinstance(value, str) and value in hidden):
            set_secrets += [key] if value else []
        elif key != "formerly":
            shown[key] = _format_option(value)
    digests = editor.app.settings.subscriptions
    return {
        "name": channel.name,
        "kind": channel.kind,
        "options": shown,
        "secrets": set_secrets,
        "recipients": list(channel.recipients),
        "used_by": [digest.name for digest in digests if channel.name in digest.channels],
        "etag": editor.make_etag(channel),
    }


def list_secret_names(kind: str) -> tuple[str, ...]:
    """Return the options of a kind of channel that are secrets."""
    model = CHANNELS[kind].options_model
    return (*secret_fields(model), *list_secret_lists(model))


def _require_secrets_again(editor: Editor, channel: Channel, options: Mapping[str, Any]) -> None:
    """Raise UsageError where stored secrets would be sent to another server: who may edit need not know them."""
    settings = encode_channel_settings(editor, channel)
    moved = [key for key in _SERVER_KEYS if key in options and options[key] != settings["options"].get(key)]
    if moved and (kept := [key for key in settings["secrets"] if key not in options and key not in _SERVER_KEYS]):
        raise UsageError(f"`{moved[0]}` names another server: send `{kept[0]}` again, or null to remove it")


def _format_option(value: Any) -> Any:
    if isinstance(value, timedelta):
        return format_duration(value)
    return list(value) if isinstance(value, tuple) else value


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a name: letters, digits, `-`, `_` and `.`, at most 64")


def _replace_in_digests(draft: Draft, name: str, new_name: str | None) -> None:
    """Put a new name in place of a channel's in the digests, or take it out of them."""
    for place, digest in enumerate(draft.settings.subscriptions):
        if name not in digest.channels:
            continue
        left = [new_name if channel == name else channel for channel in digest.channels]
        left = [channel for channel in left if channel is not None]
        if not left:
            raise UsageError(f"the digest {digest.name!r} has no other channel: give it another or delete it first")
        draft.apply(UpdateItem(section="digests", item=place, values={"channels": left}))

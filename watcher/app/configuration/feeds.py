"""Feeds: add, change title, tags, interval, address and login, pause, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from watcher.app.configuration.editor import Editor, store_secrets, write_secret
from watcher.app.feeds import require_new
from watcher.contract.configuration import FeedEdit, FeedSettings
from watcher.errors import NotFoundError, UsageError
from watcher.model.feed_config import FeedConfig
from watcher.settings.edit_feeds import find_feed_place, update_source
from watcher.settings.edit_files import Draft
from watcher.settings.feeds import find_source, make_source
from watcher.settings.schema import WrittenFeed
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_edits import AddItem, RemoveItem
from watcher.text.redact import parse_userinfo, redact_url, strip_userinfo

SECRETS = ("password", "cookie", "headers", "proxy")


def find_configured_feed(sources: tuple[FeedConfig, ...], url: str) -> FeedConfig:
    """Return the configured feed of an address, however spelt; raises NotFoundError."""
    source = find_source(sources, url)
    if source is None:
        raise NotFoundError("feed", redact_url(url))
    return source


def create_feed(editor: Editor, edit: FeedEdit) -> str:
    """Add a feed and return what it is known by. Raises UsageError where it is watched already."""
    if not edit.get("url"):
        raise UsageError("`url` is missing")
    source = _make_source(edit)

    def plan(draft: Draft) -> None:
        """Add the feed's item."""
        require_new(draft.settings.sources, source)
        values = {key: value for key, value in _to_values(draft, edit).items() if value is not None}
        draft.apply(AddItem(section="feeds", values=values, is_flow=True))
        draft.summary = f"Added the feed {source.title or source.url}"

    editor.edit(plan)
    return source.url


def update_feed(editor: Editor, url: str, edit: FeedEdit, etag: str) -> str:
    """Change a feed, by the address that it is known by, and return its address then.

    Raises NotFoundError, ConflictError, UsageError, and what an edit of the configuration raises.
    """
    known_as = url

    def plan(draft: Draft) -> None:
        """Change the feed's item."""
        nonlocal known_as
        source = find_configured_feed(draft.settings.sources, url)
        editor.require_match("feed", source.url, source, etag, edit, SECRETS)
        if edit.get("url"):
            changed = _make_source({"url": edit["url"]})
            others = [other for other in draft.settings.sources if other.url != source.url]
            require_new(others, changed)
            known_as = changed.url
            _require_secrets_again(source, changed, edit)
        else:
            known_as = source.url
        update_source(draft, source.url, _to_values(draft, edit))
        draft.summary = _summarise(source, edit)

    editor.edit(plan)
    return known_as


def delete_feed(editor: Editor, url: str, etag: str) -> None:
    """Delete a feed; what it brought stays stored. Raises NotFoundError and ConflictError."""

    def plan(draft: Draft) -> None:
        """Remove the feed's item."""
        source = find_configured_feed(draft.settings.sources, url)
        editor.require_match("feed", source.url, source, etag, {}, SECRETS)
        draft.apply(RemoveItem(section="feeds", item=find_feed_place(draft, source.url)))
        draft.summary = f"Deleted the feed {source.title or source.url}"

    editor.edit(plan)


def encode_feed_settings(editor: Editor, source: FeedConfig) -> FeedSettings:
    """Return a feed as configured, without its secrets."""
    access = source.access
    held = {
        "password": access.password,
        "cookie": access.cookie,
        "headers": access.headers,
        "proxy": access.proxy,
    }
    return {
        "url": source.url,
        "title": source.title,
        "tags": list(source.tags),
        "language": source.language,
        "interval": format_duration(source.interval) if source.interval else None,
        "paused": not source.enabled,
        "fulltext": source.fulltext,
        "weight": source.weight,
        "username": access.username,
        "headers": [name for name, _value in access.headers],
        "user_agent": access.user_agent,
        "http_version": access.http_version or None,
        "secrets": [name for name, value in held.items() if value],
        "etag": editor.make_etag(source),
    }


def _require_secrets_again(source: FeedConfig, changed: FeedConfig, edit: FeedEdit) -> None:
    """Raise UsageError where stored secrets would be sent to another server: who may edit need not know them."""
    before, after = urlsplit(source.request_url), urlsplit(changed.request_url)
    if (before.scheme, before.netloc.lower()) == (after.scheme, after.netloc.lower()):
        return
    access = source.access
    held = {"password": access.password, "cookie": access.cookie, "headers": access.headers}
    with_login = changed.access.password is not None
    for key, value in held.items():
        if value and key not in edit and not (key == "password" and with_login):
            raise UsageError(f"the address is on another server: send `{key}` again, or null to remove it")


def _make_source(edit: Mapping[str, Any]) -> FeedConfig:
    """Return the feed that an address and its login would be; raises UsageError, also for `${NAME}` in the address."""
    return make_source({key: edit.get(key) for key in ("url", "title", "username", "password")})


def _to_values(draft: Draft, edit: FeedEdit) -> dict[str, Any]:
    """Return the keys of a feed's item that an edit sets; a login in the address goes into keys of its own."""
    values: dict[str, Any] = dict(edit)
    if isinstance(values.get("url"), str):
        values["url"] = values["url"].strip()
        if (login := parse_userinfo(values["url"])) is not None:
            values["url"] = strip_userinfo(values["url"])
            values["username"], values["password"] = login
    if "paused" in values:
        values["enabled"] = False if values.pop("paused") else None
    if "fulltext" in values:
        values["fulltext"] = values["fulltext"] or None
    headers = values.pop("headers", ...)
    stored = store_secrets(draft, WrittenFeed, "feed", values)
    if headers is not ...:
        stored |= _store_headers(draft, headers or {})
    # What is empty is as the configuration has it by default: its key is removed.
    return {key: value if value not in ("", []) else None for key, value in stored.items()}


def _store_headers(draft: Draft, headers: Mapping[str, str]) -> dict[str, str | None]:
    """Write headers, which may hold a token, into a file of their own, and return the keys that name it."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any("\n" in line or "\r" in line for line in lines):
        raise UsageError("a header must be one line")
    return {"headers": None, "headers_file": write_secret(draft, "feed-headers", "\n".join(lines)) if lines else None}


def _summarise(source: FeedConfig, edit: Mapping[str, Any]) -> str:
    shown = source.title or source.url
    if set(edit) == {"paused"}:
        return f"{'Paused' if edit['paused'] else 'Resumed'} the feed {shown}"
    if "url" in edit:
        return f"Changed the address of the feed {shown}"
    return f"Changed the feed {shown}"

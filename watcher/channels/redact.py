"""Removes a channel's own secrets from what the other side said, before it is recorded or shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import quote, unquote, urlsplit

from watcher.model.digest import Channel

MASK = "***"
SHORTEST_SECRET = 5
"""A shorter part of an address is no secret, and would mask common words."""
_PLAIN_OPTIONS = frozenset(
    {"host", "port", "security", "sender", "to", "reply_to", "timeout", "on_uncertain", "channel"}
)
_COMMON_PARTS = frozenset({"services", "webhook", "webhooks", "api", "hooks", "notify", "https", "http"})


def redact_secrets(text: str, channel: Channel) -> str:
    """Return a text without the channel's passwords, tokens and secret addresses, in any usual escaping."""
    for secret in sorted(set(_list_secrets(channel)), key=len, reverse=True):
        for form in {secret, quote(secret), quote(secret, safe=""), escape(secret), unquote(secret)}:
            if len(form) >= SHORTEST_SECRET:
                text = re.sub(re.escape(form), MASK, text, flags=re.IGNORECASE)
    return text


def _list_secrets(channel: Channel) -> Iterator[str]:
    for name, value in channel.options.items():
        if name in _PLAIN_OPTIONS or isinstance(value, bool):
            continue
        for each in value if isinstance(value, list | tuple) else (value,):
            if not isinstance(each, str) or name == "username":
                continue
            yield from _list_parts(each) if "://" in each else (each,)


def _list_parts(address: str) -> Iterator[str]:
    """Return an address, its path, and each part of path, query and userinfo that may be a key."""
    yield address
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    yield from (each for each in (parts.username, parts.password) if each)
    path = parts.path.rstrip("/")
    # An API's address for a bot is no secret: only paths with something beyond common words are.
    keys = [part for part in path.split("/") if part and part.lower() not in _COMMON_PARTS]
    if keys:
        yield path
        yield from (part for part in keys if len(part) > SHORTEST_SECRET)
    yield from (value for _name, _, value in (pair.partition("=") for pair in parts.query.split("&")) if value)
    if parts.scheme not in {"http", "https"} and parts.netloc:
        yield parts.netloc.rpartition("@")[2]

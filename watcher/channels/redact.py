"""Removes a channel's own secrets from a server's answer, before it is recorded or shown."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from watcher.model.subscription import Channel
from watcher.text.secret_patterns import mask_secrets

MIN_SECRET_LENGTH = 5
"""A shorter part of an address is no secret, and would mask common words."""
_COMMON_PARTS = frozenset({"services", "webhook", "webhooks", "api", "hooks", "notify", "https", "http"})


def redact_secrets(text: str, channel: Channel) -> str:
    """Return a text without the channel's passwords, tokens and secret addresses, in any usual coding."""
    parts = {part for secret in channel.options.secrets for part in _list_parts(secret)}
    forms = {form for part in parts for form in (part, unquote(part)) if len(form) >= MIN_SECRET_LENGTH}
    return mask_secrets(text, forms)


def _list_parts(secret: str) -> Iterator[str]:
    """Return a secret; of an address also its path, and each part of path, query and userinfo that may be a key."""
    yield secret
    if "://" not in secret:
        return
    try:
        url = urlsplit(secret)
    except ValueError:
        return
    yield from (part for part in (url.username, url.password) if part)
    yield from _list_path_keys(url.path.rstrip("/"))
    yield from (value for _name, _, value in (pair.partition("=") for pair in url.query.split("&")) if value)
    # Apprise addresses have keys where others have a host: tgram://TOKEN/CHAT.
    if url.scheme not in {"http", "https"} and url.netloc:
        yield url.netloc.rpartition("@")[2]


def _list_path_keys(path: str) -> Iterator[str]:
    """Return a path and its parts that may be keys; none where the path has common words alone, as an API's has."""
    keys = [part for part in path.split("/") if part and part.lower() not in _COMMON_PARTS]
    if keys:
        yield path
        yield from (part for part in keys if len(part) > MIN_SECRET_LENGTH)

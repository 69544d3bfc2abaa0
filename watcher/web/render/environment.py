"""The templates: everything escaped, nothing undefined, and the few words that all of them use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

import jinja2

from watcher import __version__
from watcher.text.redact import redact_text
from watcher.text.urls import http_url
from watcher.web.render import evidence, times

NAVIGATION = (
    ("/hits", "Hits"),
    ("/stories", "Stories"),
    ("/archive", "Archive"),
    ("/topics", "Topics"),
    ("/feeds", "Feeds"),
    ("/digests", "Digests"),
    ("/overview", "Overview"),
)


def make_environment(root: str = "") -> jinja2.Environment:
    """Make the environment that draws every page; `root` is what the addresses of this server begin with."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("watcher.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(
        root=root,
        navigation=NAVIGATION,
        version=__version__,
        static=lambda name: root + static(name),
        link=lambda path, params=None, **changed: root + link(path, params, **changed),
        plural=plural,
    )
    environment.filters.update(
        ago=times.ago, at=times.at, clock=times.clock, day=times.day, iso=times.iso, span=times.length,
        web=web_address, host=host, title_of=evidence.title, snippet_of=evidence.snippet, body_of=evidence.body,
        segment=lambda said: quote(str(said), safe=""), redacted=lambda text: redact_text(str(text or "")),
    )  # fmt: skip
    return environment


@cache
def static(name: str) -> str:
    """Give the address of a file of ours, which changes when the file does."""
    body = (files("watcher.web") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(body).hexdigest()[:10]}"


def link(path: str, params: Mapping[str, Any] | None = None, **changed: Any) -> str:
    """Write an address of ours: parameters with some changed; what is None or empty is left out."""
    merged = {**(params or {}), **changed}
    pairs: list[tuple[str, str]] = []
    for name, value in merged.items():
        some = value if isinstance(value, (list, tuple)) else [value]
        pairs += [
            (name, "1" if each is True else str(each)) for each in some if each or (each == 0 and each is not False)
        ]
    return f"{path}?{urlencode(pairs)}" if pairs else path


@lru_cache(4096)
def web_address(url: str | None) -> str | None:
    """Let only http(s) addresses become links, whatever is stored."""
    return http_url(url, "") if url else None


def host(url: str | None) -> str:
    """Give the host of an address."""
    from urllib.parse import urlsplit

    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

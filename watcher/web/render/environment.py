"""The template environment: everything is escaped, undefined names are errors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

import jinja2

from watcher import __version__
from watcher.digest.schedule_text import format_schedule
from watcher.text.escaping import EscapingEnvironment
from watcher.text.lengths import format_wait
from watcher.text.redact import redact_text
from watcher.text.urls import http_url
from watcher.web.render import evidence, markup, times
from watcher.web.render.browsers import describe_browser

NAVIGATION = (
    ("/hits", "Hits"),
    ("/stories", "Stories"),
    ("/proposals", "Possibly related"),
    ("/archive", "Search"),
    ("/topics", "Topics"),
    ("/feeds", "Feeds"),
    ("/digests", "Digests"),
    ("/overview", "Overview"),
    ("/settings", "Settings"),
)


HEALTH_WORDS = {
    "fresh": "on time", "new": "new", "degraded": "incomplete", "stale": "late", "failing": "failing", "gone": "closed",
    "paused": "paused",
}  # fmt: skip
"""What pages call a feed's health."""
STATE_WORDS = {
    "pending": "waiting", "sending": "sending", "sent": "sent", "retrying": "trying again", "uncertain": "in doubt",
    "dead": "failed",
}  # fmt: skip
"""What pages call a message's state."""


@cache
def make_environment(root: str = "") -> jinja2.Environment:
    """Return the environment that renders every page, which nobody changes; `root` is the prefix of its addresses."""
    environment = EscapingEnvironment(
        loader=jinja2.PackageLoader("watcher.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,  # else each template that a page includes is looked for on the disk, for every request
    )
    environment.globals.update(
        root=root,
        navigation=NAVIGATION,
        health_words=HEALTH_WORDS,
        state_words=STATE_WORDS,
        version=__version__,
        static=lambda name: root + get_static_path(name),
        link=lambda path, params=None, **changed: root + link(path, params, **changed),
        plural=format_count,
        schedule_words=format_schedule,
        describe_browser=describe_browser,
    )
    environment.filters.update(
        ago=times.format_ago, at=times.format_full, at_zone=times.format_in_zone, clock=times.format_clock,
        day=times.format_day, iso=times.format_iso, span=times.format_length, web=get_web_url, host=get_host,
        title_of=evidence.split_title, snippet_of=evidence.split_snippet, body_of=evidence.split_paragraphs,
        segment=lambda value: quote(str(value), safe=""), redacted=lambda text: redact_text(str(text or "")),
        wait=format_wait, next_day=times.format_next_day,
        marked=markup.mark_pieces, lang_of=markup.format_language,
    )  # fmt: skip
    return environment


@cache
def get_static_path(name: str) -> str:
    """Return the path of a static file; it changes with the file's content."""
    body = (files("watcher.web") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(body).hexdigest()[:10]}"


def link(path: str, params: Mapping[str, Any] | None = None, **changed: Any) -> str:
    """Return a path of this server with parameters, some of them changed; None and empty values are left out."""
    merged = {**(params or {}), **changed}
    pairs: list[tuple[str, str]] = []
    for name, value in merged.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [
            (name, "1" if single is True else str(single))
            for single in values
            if single or (single == 0 and single is not False)
        ]
    return f"{path}?{urlencode(pairs)}" if pairs else path


@lru_cache(4096)
def get_web_url(url: str | None) -> str | None:
    """Return an http(s) address, None for any other: only these become links, whatever is stored."""
    return http_url(url, "") if url else None


def get_host(url: str | None) -> str:
    """Return the host of an address without `www.`; empty where there is none."""
    from urllib.parse import urlsplit

    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def format_count(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: `1 item`, `1,842 items`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"

"""Completion in the shell of the names that the configuration holds. Reads its files alone: no database, no checks.

A file that is missing or has errors completes nothing; `watcher check` is where its errors are shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from watcher.settings.folders import config_folder, shipped_folder

Candidate = tuple[str, str]
"""What is inserted, and what shells that can do so show beside it."""


def complete_topics(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Return the ids of topics, with their names."""
    return _select(incomplete, ((_get(item, "id"), _get(item, "name")) for item in _read_items(ctx, "topics")))


def complete_digests(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Return the names of digests, with their titles."""
    return _select(incomplete, ((_get(item, "name"), _get(item, "title")) for item in _read_items(ctx, "digests")))


def complete_channels(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Return the names of channels, with their kinds."""
    channels = _read_section(ctx, "channels")
    pairs = channels.items() if isinstance(channels, dict) else ()
    return _select(incomplete, ((str(name), _get(values, "kind")) for name, values in pairs))


def complete_feeds(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Return the addresses of feeds, with their titles; without `https://` unless that was typed.

    bash splits words at colons, so that a whole address could not be completed there.
    """
    from watcher.text.redact import redact_url

    candidates = []
    for item in _read_items(ctx, "feeds"):
        url = item if isinstance(item, str) else _get(item, "url")
        # An address that holds a secret, or names one, is not shown.
        if url and "${" not in url and redact_url(url) == url:
            short = url if incomplete.startswith("http") else url.partition("://")[2]
            candidates.append((short, _get(item, "title")))
    return _select(incomplete, candidates)


def complete_hosts(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Return the hosts of feeds, by which entries are filtered."""
    return _select(incomplete, ((url.partition("/")[0], title) for url, title in complete_feeds(ctx, "")))


def complete_packs(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Return the names of the packs that ship."""
    return _select(incomplete, ((path.stem, "") for path in (shipped_folder() / "packs").glob("*.yaml")))


def _select(incomplete: str, candidates: Any) -> list[Candidate]:
    """Return the candidates that begin with what was typed, each once and in order."""
    chosen = {text: about for text, about in candidates if text and text.startswith(incomplete)}
    return sorted(chosen.items())


def _get(item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def _read_items(ctx: typer.Context, section: str) -> Iterator[Any]:
    items = _read_section(ctx, section)
    yield from items if isinstance(items, list) else ()


def _read_section(ctx: typer.Context, section: str) -> Any:
    """Return the bare values of a section; None where there is no file, or none that can be read."""
    from watcher.settings.yaml_nodes import read, to_values

    file = {"feeds": "feeds.yaml", "topics": "topics.yaml"}.get(section, "watcher.yaml")
    # While a line is completed no command runs: the global option was read, and not set.
    named = ctx.find_root().params.get("config")
    folder = config_folder(str(named) if named else None, os.environ, Path.cwd())
    root = read(folder / file, file, [])
    values = to_values(root) if root is not None else None
    return values.get(section) if isinstance(values, dict) else None

"""Edits the list of `feeds.yaml`: adds, changes and removes feeds; every comment is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from watcher.errors import ConfigError, Fault, NotFoundError
from watcher.model.feed_config import FeedConfig
from watcher.settings.edit_files import Draft, edit_configuration
from watcher.settings.edit_history import Origin
from watcher.settings.loader import FEEDS
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_edits import AddItem, RemoveItem, UpdateItem, Value
from watcher.text.redact import redact_url

FILE = FEEDS


def add_sources(
    folder: Path, environ: Mapping[str, str], added: Sequence[FeedConfig], origin: Origin | None = None
) -> None:
    """Add feeds at the end of the list. Raises ConfigError, and changes nothing, where that could not be loaded."""

    def plan(draft: Draft) -> None:
        """Add each feed in one line."""
        for source in added:
            draft.apply(AddItem(section="feeds", values=format_source(source), is_flow=True))
        names = [source.title or source.url for source in added]
        draft.summary = f"Added the feed {names[0]}" if len(names) == 1 else f"Added {len(names)} feeds"

    edit_configuration(folder, environ, plan, origin)


def remove_source(folder: Path, environ: Mapping[str, str], url: str, origin: Origin | None = None) -> None:
    """Remove a feed, by the address that it is known by, from the list. Raises NotFoundError or ConfigError."""

    def plan(draft: Draft) -> None:
        """Remove the feed's item."""
        draft.apply(RemoveItem(section="feeds", item=find_feed_place(draft, url)))
        source = draft.settings.source(url)
        draft.summary = f"Deleted the feed {(source.title if source else '') or redact_url(url)}"

    edit_configuration(folder, environ, plan, origin)


def update_source(draft: Draft, url: str, values: Mapping[str, Value]) -> None:
    """Set keys of a feed's item; None removes a key. Raises NotFoundError."""
    draft.apply(UpdateItem(section="feeds", item=find_feed_place(draft, url), values=values))


def find_feed_place(draft: Draft, url: str) -> int:
    """Return the place in the list of the feed that is known by an address. Raises NotFoundError."""
    known = [source.url for source in draft.settings.sources]
    if len(known) != len(draft.list_items("feeds")):
        path = str(draft.folder / FEEDS)
        raise ConfigError((Fault(path, 1, 1, "was changed in the same edit: save the changes one by one"),))
    if url not in known:
        raise NotFoundError("feed", redact_url(url))
    return known.index(url)


def format_source(source: FeedConfig) -> dict[str, Any]:
    """Return a feed as an item of feeds.yaml."""
    url = source.url if "${" in source.url else source.request_url
    item: dict[str, Any] = {"url": url, "title": source.title, "tags": list(source.tags)}
    item |= {"language": source.language, "interval": format_duration(source.interval) if source.interval else None}
    item |= {"enabled": None if source.enabled else False, "fulltext": source.fulltext or None}
    if source.access.username is not None:
        item |= {
            "username": escape_references(source.access.username),
            "password": escape_references(source.access.password or ""),
        }
    # An empty password and `enabled: false` are values; everything else that is empty is left out.
    return {
        key: value for key, value in item.items() if value or (key in ("password", "enabled") and value is not None)
    }


def escape_references(text: str) -> str:
    """Return a text as it has to be written where `${NAME}` is read."""
    return text.replace("${", "$${")

"""Edits `topics.yaml`: topics are added, changed, renamed and removed; every comment is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watcher.errors import NotFoundError
from watcher.settings.edit_files import Draft, edit_configuration
from watcher.settings.edit_history import Origin
from watcher.settings.loader import TOPICS
from watcher.settings.yaml_edits import AddItem, UpdateItem, Value, format_item

FILE = TOPICS


def save_topic(
    folder: Path,
    environ: Mapping[str, str],
    topic_id: str,
    name: str,
    query: str,
    origin: Origin | None = None,
) -> None:
    """Write a topic's name and query, or add the topic. Raises ConfigError, and changes nothing, where that would not
    load or the file cannot be written."""

    def plan(draft: Draft) -> None:
        """Change the topic's item, or add one."""
        known = draft.settings.topics
        place = next((number for number, topic in enumerate(known) if topic.id == topic_id), None)
        if place is None:
            draft.apply(AddItem(section="topics", values=_make_item(topic_id, name, query)))
            draft.summary = f"Added the topic {name or topic_id}"
            return
        values: dict[str, Value] = {"keywords": None, "query": format_block(query)}
        if name and name != known[place].name:
            values["name"] = name
        update_topic(draft, topic_id, values)
        draft.summary = f"Changed the topic {name or known[place].name}"

    edit_configuration(folder, environ, plan, origin)


def update_topic(draft: Draft, topic_id: str, values: Mapping[str, Value]) -> None:
    """Set keys of a topic's item; None removes a key. Raises NotFoundError."""
    draft.apply(UpdateItem(section="topics", item=find_topic_place(draft, topic_id), values=values))


def find_topic_place(draft: Draft, topic_id: str) -> int:
    """Return the place in the list of a topic. Raises NotFoundError."""
    for number, item in enumerate(draft.list_items("topics")):
        if isinstance(item, dict) and item.get("id") == topic_id:
            return number
    raise NotFoundError("topic", topic_id)


def format_topic_yaml(topic_id: str, name: str, query: str) -> str:
    """Format a topic as it would stand in the file, for a person to paste there."""
    return format_item(_make_item(topic_id, name, query))


def format_block(query: str) -> str:
    """Return a query as lines of a block: white space at its ends means nothing."""
    lines = query.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ").strip().split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _make_item(topic_id: str, name: str, query: str) -> dict[str, Any]:
    return {"id": topic_id, **({"name": name} if name and name != topic_id else {}), "query": format_block(query)}

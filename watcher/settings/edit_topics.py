"""Edits `topics.yaml`: one topic changed or added, every comment kept, and nothing that would not load."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from watcher.errors import ConfigError, Fault
from watcher.settings.edit_feeds import replace_file
from watcher.settings.loader import load

FILE = "topics.yaml"


def save_topic(folder: Path, environ: Mapping[str, str], topic_id: str, name: str, query: str) -> None:
    """Write a topic's name and query, or add the topic. Raises ConfigError, and changes nothing, where that would not
    load or the file cannot be written."""
    path = folder / FILE
    try:
        original = path.read_bytes().decode("utf-8-sig") if path.exists() else "topics: []\n"
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((Fault(str(path), 1, 1, f"cannot be read: {error}"),)) from error
    replace_file(path, _changed(path, original, topic_id, name, query))
    try:
        load(folder, environ, secrets_needed=False)
    except ConfigError:
        replace_file(path, original)
        raise


def format_topic_yaml(topic_id: str, name: str, query: str) -> str:
    """Format a topic as it would stand in the file, for a person to paste there."""
    out = io.StringIO()
    _rules().dump([_topic(topic_id, name, query)], out)
    return out.getvalue()


def _changed(path: Path, text: str, topic_id: str, name: str, query: str) -> str:
    rules = _rules()
    try:
        root = rules.load(text)
    except YAMLError as error:
        raise ConfigError((Fault(str(path), 1, 1, "cannot be read as YAML: edit it by hand"),)) from error
    if not isinstance(root, dict):
        root = rules.load("topics: []\n")
    listed = root.get("topics")
    if not isinstance(listed, list):
        root["topics"] = listed = []
    known = next((each for each in listed if isinstance(each, dict) and str(each.get("id")) == topic_id), None)
    if known is None:
        listed.append(_topic(topic_id, name, query))
    else:
        if name and name != str(known.get("name", topic_id)):
            known["name"] = name
        known.pop("keywords", None)
        known["query"] = _block(query)
    out = io.StringIO()
    rules.dump(root, out)
    return out.getvalue()


def _topic(topic_id: str, name: str, query: str) -> dict[str, Any]:
    return {"id": topic_id, **({"name": name} if name and name != topic_id else {}), "query": _block(query)}


def _block(query: str) -> Any:
    lines = query.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ").strip().split("\n")
    return LiteralScalarString("\n".join(line.rstrip() for line in lines) + "\n")


def _rules() -> YAML:
    rules = YAML()
    rules.preserve_quotes = True
    rules.width = 10_000
    rules.indent(mapping=2, sequence=4, offset=2)
    return rules

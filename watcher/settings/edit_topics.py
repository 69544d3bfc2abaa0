"""Edits `topics.yaml`: one topic changed or added, every comment kept, and nothing that would not load."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from watcher.errors import ConfigError, Fault, UsageError
from watcher.model.topic import Topic
from watcher.settings.edit_feeds import replace_file
from watcher.settings.loader import load
from watcher.settings.topics import SENTENCE_KEYS

FILE = "topics.yaml"


Sentences = Mapping[str, tuple[str, ...]]
"""Sentences and examples by the key that they stand under."""


def save_topic(
    folder: Path,
    environ: Mapping[str, str],
    topic_id: str,
    name: str,
    query: str,
    sentences: Sentences | None = None,
) -> None:
    """Write a topic's name, query and sentences, or add the topic; without `sentences` they stay as they are.

    Raises ConfigError, and changes nothing, where that would not load or the file cannot be written.
    """
    path = folder / FILE
    try:
        original = path.read_bytes().decode("utf-8-sig") if path.exists() else "topics: []\n"
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((Fault(str(path), 1, 1, f"cannot be read: {error}"),)) from error
    replace_file(path, _changed(path, original, topic_id, name, query, sentences))
    try:
        load(folder, environ, secrets_needed=False)
    except ConfigError:
        replace_file(path, original)
        raise


def load_saved_topic(folder: Path, environ: Mapping[str, str], topic_id: str) -> Topic | None:
    """Return a topic as the file holds it now, which may be newer than what is in force. Raises ConfigError."""
    topics = load(folder, environ, secrets_needed=False).topics
    return next((topic for topic in topics if topic.id == topic_id), None)


def hash_topic(topic: Topic | None) -> str:
    """Return the hash of what an editor changes of a topic: 12 hexadecimal digits; the same for all that is absent."""
    parts = [topic.name, topic.query.strip(), *map(list, _list_sentences(topic))] if topic is not None else []
    return hashlib.blake2b(json.dumps(parts, ensure_ascii=False).encode(), digest_size=6).hexdigest()


def parse_sentences(text: str, name: str) -> dict[str, tuple[str, ...]]:
    """Return sentences from YAML with the keys of a topic; what is left out is empty. Raises UsageError."""
    try:
        root = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise UsageError(f"{name} cannot be read as YAML") from error
    if not isinstance(root, dict) or not set(root) <= set(SENTENCE_KEYS):
        raise UsageError(f"{name}: expected the keys {', '.join(SENTENCE_KEYS)} alone")
    sentences: dict[str, tuple[str, ...]] = {}
    # As in topics.yaml, one sentence may stand without a list.
    for key in SENTENCE_KEYS:
        listed = root.get(key) or []
        listed = [listed] if isinstance(listed, str) else listed
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise UsageError(f"{name}: `{key}` is a list of sentences")
        sentences[key] = tuple(" ".join(each.split()) for each in listed if each.strip())
    if not sentences["about"] and not sentences["examples"]:
        raise UsageError(f"{name}: write what the topic is about, or examples of it")
    return sentences


def replace_sentences(topic: Topic, sentences: Sentences) -> Topic:
    """Return a topic with other sentences; what is not among the keys is left out."""
    return replace(
        topic,
        about=sentences.get("about", ()),
        not_about=sentences.get("not_about", ()),
        examples=sentences.get("examples", ()),
        not_examples=sentences.get("not_examples", ()),
    )


def _list_sentences(topic: Topic) -> tuple[tuple[str, ...], ...]:
    return (topic.about, topic.not_about, topic.examples, topic.not_examples)


def format_topic_yaml(topic_id: str, name: str, query: str, sentences: Sentences | None = None) -> str:
    """Format a topic as it would stand in the file, for a person to paste there."""
    out = io.StringIO()
    _rules().dump([_topic(topic_id, name, query, sentences)], out)
    return out.getvalue()


def _changed(path: Path, text: str, topic_id: str, name: str, query: str, sentences: Sentences | None) -> str:
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
        listed.append(_topic(topic_id, name, query, sentences))
    else:
        if name and name != str(known.get("name", topic_id)):
            known["name"] = name
        known.pop("keywords", None)
        # Sentences alone are a topic, too: an empty query is left out, since it would not load.
        if query.strip():
            known["query"] = _block(query)
        else:
            known.pop("query", None)
        for key, texts in (sentences or {}).items():
            _set_sentences(known, key, texts)
    out = io.StringIO()
    rules.dump(root, out)
    return out.getvalue()


def _set_sentences(known: Any, key: str, texts: tuple[str, ...]) -> None:
    """Set a list of sentences; one that did not change keeps its comments and its form."""
    written = known.get(key)
    listed = [written] if isinstance(written, str) else (written or [])
    if [" ".join(str(each).split()) for each in listed] == list(texts):
        return
    if texts:
        known[key] = list(texts)
    else:
        known.pop(key, None)


def _topic(topic_id: str, name: str, query: str, sentences: Sentences | None) -> dict[str, Any]:
    topic: dict[str, Any] = {"id": topic_id, **({"name": name} if name and name != topic_id else {})}
    topic |= {key: list(texts) for key, texts in (sentences or {}).items() if texts}
    return {**topic, "query": _block(query)} if query.strip() or not sentences else topic


def _block(query: str) -> Any:
    lines = query.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ").strip().split("\n")
    return LiteralScalarString("\n".join(line.rstrip() for line in lines) + "\n")


def _rules() -> YAML:
    rules = YAML()
    rules.preserve_quotes = True
    rules.width = 10_000
    rules.indent(mapping=2, sequence=4, offset=2)
    return rules

"""Edits `topics.yaml`: topics are added, changed, renamed and removed; every comment is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from watcher.errors import NotFoundError, UsageError
from watcher.model.topic import Topic
from watcher.settings.edit_files import Draft
from watcher.settings.loader import load
from watcher.settings.topics import SENTENCE_KEYS
from watcher.settings.yaml_edits import UpdateItem, Value, format_item

Sentences = Mapping[str, tuple[str, ...]]
"""Sentences and examples by the key that they stand under."""


def update_topic(draft: Draft, topic_id: str, values: Mapping[str, Value]) -> None:
    """Set keys of a topic's item; None removes a key. Raises NotFoundError."""
    draft.apply(UpdateItem(section="topics", item=find_topic_place(draft, topic_id), values=values))


def find_topic_place(draft: Draft, topic_id: str) -> int:
    """Return the place in the list of a topic. Raises NotFoundError."""
    for number, item in enumerate(draft.list_items("topics")):
        if isinstance(item, dict) and item.get("id") == topic_id:
            return number
    raise NotFoundError("topic", topic_id)


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
        if not isinstance(listed, list) or not all(isinstance(sentence, str) for sentence in listed):
            raise UsageError(f"{name}: `{key}` is a list of sentences")
        sentences[key] = tuple(" ".join(sentence.split()) for sentence in listed if sentence.strip())
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


def format_topic_yaml(topic_id: str, name: str, query: str, sentences: Sentences | None = None) -> str:
    """Format a topic as it would stand in the file, for a person to paste there."""
    item: dict[str, Value] = {"id": topic_id, **({"name": name} if name and name != topic_id else {})}
    item |= {key: list(texts) for key, texts in (sentences or {}).items() if texts}
    # Sentences alone are a topic, too: an empty query is left out, since it would not load.
    return format_item({**item, "query": format_block(query)} if query.strip() or not sentences else item)


def format_block(query: str) -> str:
    """Return a query as lines of a block: white space at its ends means nothing."""
    lines = query.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ").strip().split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _list_sentences(topic: Topic) -> tuple[tuple[str, ...], ...]:
    return (topic.about, topic.not_about, topic.examples, topic.not_examples)

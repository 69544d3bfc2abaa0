"""Labelled examples: read from JSONL files that people keep, or from the judgements that the database holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watcher.errors import ConfigError, Fault
from watcher.model.entry import Entry, Item, StoredEntry
from watcher.store.database import Database
from watcher.store.hits.labels import load_labelled_hits
from watcher.text.language_detection import with_language
from watcher.text.language_tags import parse_language_tag

_TEXTS = ("title", "summary", "content", "author", "url", "source", "feed", "outlet")
_MOST_FAULTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An entry and the topics it belongs to. `judged` are the topics it speaks about, None for every one of them;
    `place` says where it stands."""

    stored: StoredEntry
    relevant: frozenset[str]
    judged: frozenset[str] | None = None
    place: str = ""

    def speaks_of(self, topic_id: str) -> bool:
        """Tell whether the example says anything about a topic."""
        return self.judged is None or topic_id in self.judged


def parse_examples(name: str, lines: Iterable[str]) -> tuple[Example, ...]:
    """Read a labels file, a JSON object a line; raises ConfigError with every faulty line.

    A line holds `title`, `summary`, `content`, `language` and `labels`, a list of topic ids: an item with none of them
    is a negative for all. `url`, `source`, `feed`, `author` and `tags` count where they are given; other keys do not.
    """
    examples: list[Example] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, 1):
        if not line.strip().strip("\ufeff"):
            continue
        try:
            examples.append(_example(json.loads(line.strip("\ufeff \r\n")), f"{name}:{number}", number))
        except json.JSONDecodeError as error:
            faults.append(Fault(name, number, error.colno, f"no JSON: {error.msg}"))
        except _WrongError as error:
            faults.append(Fault(name, number, 1, str(error)))
        except RecursionError:
            faults.append(Fault(name, number, 1, "no example: nested too deep"))
        if len(faults) >= _MOST_FAULTS:
            faults.append(Fault(name, number + 1, 1, "not read further: too many faults"))
            break
    if not faults and not examples:
        faults.append(Fault(name, 1, 1, 'no examples: write a JSON object a line, {"title": ..., "labels": [...]}'))
    if faults:
        raise ConfigError(tuple(faults))
    return tuple(examples)


def iter_judged_examples(database: Database) -> Iterator[Example]:
    """Read the judged hits: each speaks of its own topic alone."""
    after = 0
    while True:
        with database.read() as db:
            some = load_labelled_hits(db, after_id=after)
        for hit in some:
            topic = frozenset([hit.hit.topic_id])
            relevant = topic if hit.label == "relevant" else frozenset[str]()
            yield Example(stored=hit.stored, relevant=relevant, judged=topic, place=f"hit {hit.id}")
        if not some:
            return
        after = some[-1].id


def count_labelled_topics(examples: Iterable[Example]) -> Mapping[str, int]:
    """Count the topics that examples name."""
    counted: dict[str, int] = {}
    for example in examples:
        for topic_id in example.relevant | (example.judged or frozenset()):
            counted[topic_id] = counted.get(topic_id, 0) + 1
    return counted


class _WrongError(Exception):
    """What is wrong with a line."""


def _example(said: Any, place: str, number: int) -> Example:
    if not isinstance(said, dict):
        raise _WrongError('expected an object: {"title": ..., "summary": ..., "labels": [...]}')
    texts = {key: _value(said, key, str, "text", "") for key in _TEXTS}
    language = _value(said, "language", str, "text", "")
    labels = _value(said, "labels", list, "a list of topic ids", None)
    if labels is None:
        raise _WrongError("`labels` is missing: a list of topic ids, empty for an item that belongs to none")
    tags = _value(said, "tags", list, "a list of words", [])
    for key, words in (("labels", labels), ("tags", tags)):
        if not all(isinstance(word, str) and word for word in words):
            raise _WrongError(f"`{key}` has to hold words alone")
    if not any(texts[key].strip() for key in ("title", "summary", "content")):
        raise _WrongError("neither `title` nor `summary` nor `content` has any words")
    item = Item(
        url=texts["url"] or None,
        title=texts["title"],
        summary=texts["summary"],
        content=texts["content"],
        author=texts["author"],
        tags=tuple(tags),
        language=parse_language_tag(language),
    )
    source = texts["source"] or texts["outlet"]
    stored = build_example_entry(with_language(item), number, source, texts["feed"])
    return Example(stored=stored, relevant=frozenset(labels), place=place)


def build_example_entry(item: Item, number: int = 0, source: str = "", feed: str = "") -> StoredEntry:
    """Make an entry of an item that is not stored, so that it can be matched."""
    entry = Entry(feed_id=0, key="", canonical_url=item.url, content_hash=b"", item=item, source=source, feed_url=feed)
    return StoredEntry(id=number, entry=entry, first_seen_at=datetime(1970, 1, 1, tzinfo=UTC))


def _value(said: dict[str, Any], key: str, kind: type, words: str, default: Any) -> Any:
    value = said.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise _WrongError(f"`{key}` has to be {words}")
    return value

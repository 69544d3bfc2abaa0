"""Labelled examples: parsed from JSONL files that people keep, or loaded from the labels in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watcher.errors import ConfigError, Fault
from watcher.model.entry import Entry, Item, StoredEntry
from watcher.model.meaning import Verdict
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries
from watcher.store.hits.labels import load_labelled_hits
from watcher.store.meaning.judgements import count_judgements, load_judgements
from watcher.text.language_detection import with_language
from watcher.text.language_tags import parse_language_tag

_TEXT_KEYS = ("title", "summary", "content", "author", "url", "source", "feed", "outlet")
_MAX_FAULTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An entry and the topics it belongs to. `judged` are the topics it is labelled for, None for every one of them;
    `place` is where it comes from, for messages."""

    stored: StoredEntry
    relevant: frozenset[str]
    judged: frozenset[str] | None = None
    place: str = ""

    def is_labelled_for(self, topic_id: str) -> bool:
        """Return whether the example is labelled for a topic, as relevant or not."""
        return self.judged is None or topic_id in self.judged


def parse_examples(name: str, lines: Iterable[str]) -> tuple[Example, ...]:
    """Parse a labels file, a JSON object a line; raises ConfigError with every line that is wrong.

    A line holds `title`, `summary`, `content`, `language` and `labels`, a list of topic ids: an item with none of them
    is a negative for all. `url`, `source`, `feed`, `author` and `tags` count where they are given; other keys do not.
    """
    examples: list[Example] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, 1):
        if not line.strip().strip("\ufeff"):
            continue
        try:
            examples.append(_parse_example(json.loads(line.strip("\ufeff \r\n")), f"{name}:{number}", number))
        except json.JSONDecodeError as error:
            faults.append(Fault(name, number, error.colno, f"no JSON: {error.msg}"))
        except _LineError as error:
            faults.append(Fault(name, number, 1, str(error)))
        except RecursionError:
            faults.append(Fault(name, number, 1, "no example: nested too deep"))
        if len(faults) >= _MAX_FAULTS:
            faults.append(Fault(name, number + 1, 1, "not read further: too many faults"))
            break
    if not faults and not examples:
        faults.append(Fault(name, 1, 1, 'no examples: write a JSON object a line, {"title": ..., "labels": [...]}'))
    if faults:
        raise ConfigError(tuple(faults))
    return tuple(examples)


def iter_judged_examples(database: Database) -> Iterator[Example]:
    """Yield what was judged as examples, each labelled for its own topic alone: hits, proposals, and entries that are
    not stored any more, by the text that was judged."""
    seen: set[tuple[str, int]] = set()
    for example, topic_id, entry_id in _iter_labelled_hits(database):
        seen.add((topic_id, entry_id))
        yield example
    with database.read() as db:
        judged = [judgement for topic_id in sorted(count_judgements(db)) for judgement in load_judgements(db, topic_id)]
        others = [judgement for judgement in judged if (judgement.topic_id, judgement.entry_id) not in seen]
        stored = load_entries(db, [judgement.entry_id for judgement in others])
    for judgement in others:
        topic = frozenset([judgement.topic_id])
        title, _, summary = judgement.text.partition("\n")
        entry = stored.get(judgement.entry_id) or build_example_entry(Item(url=None, title=title, summary=summary))
        relevant = topic if judgement.verdict is Verdict.RELEVANT else frozenset[str]()
        yield Example(stored=entry, relevant=relevant, judged=topic, place=f"judgement {judgement.id}")


def _iter_labelled_hits(database: Database) -> Iterator[tuple[Example, str, int]]:
    """Yield the labelled hits as examples, with topic and entry."""
    after = 0
    while True:
        with database.read() as db:
            hits = load_labelled_hits(db, after_id=after)
        for hit in hits:
            topic = frozenset([hit.hit.topic_id])
            relevant = topic if hit.label == "relevant" else frozenset[str]()
            example = Example(stored=hit.stored, relevant=relevant, judged=topic, place=f"hit {hit.id}")
            yield example, hit.hit.topic_id, hit.stored.id
        if not hits:
            return
        after = hits[-1].id


def count_labelled_topics(examples: Iterable[Example]) -> Mapping[str, int]:
    """Return how many examples name each topic."""
    counts: dict[str, int] = {}
    for example in examples:
        for topic_id in example.relevant | (example.judged or frozenset()):
            counts[topic_id] = counts.get(topic_id, 0) + 1
    return counts


class _LineError(Exception):
    """What is wrong with a line."""


def _parse_example(fields: Any, place: str, number: int) -> Example:
    if not isinstance(fields, dict):
        raise _LineError('expected an object: {"title": ..., "summary": ..., "labels": [...]}')
    texts = {key: _get_value(fields, key, str, "text", "") for key in _TEXT_KEYS}
    language = _get_value(fields, "language", str, "text", "")
    # `labels` has to be there: an item without would be a negative for all topics by mistake.
    labels = _get_value(fields, "labels", list, "a list of topic ids", None)
    if labels is None:
        raise _LineError("`labels` is missing: a list of topic ids, empty for an item that belongs to none")
    tags = _get_value(fields, "tags", list, "a list of words", [])
    for key, words in (("labels", labels), ("tags", tags)):
        if not all(isinstance(word, str) and word for word in words):
            raise _LineError(f"`{key}` has to hold words alone")
    if not any(texts[key].strip() for key in ("title", "summary", "content")):
        raise _LineError("neither `title` nor `summary` nor `content` has any words")
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
    """Return an entry made of an item that is not stored, so that it can be matched."""
    entry = Entry(feed_id=0, key="", canonical_url=item.url, content_hash=b"", item=item, source=source, feed_url=feed)
    return StoredEntry(id=number, entry=entry, first_seen_at=datetime(1970, 1, 1, tzinfo=UTC))


def _get_value(fields: dict[str, Any], key: str, kind: type, words: str, default: Any) -> Any:
    value = fields.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise _LineError(f"`{key}` has to be {words}")
    return value

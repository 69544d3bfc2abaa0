"""Topics: create, change, rename, pause, delete, restore, and bring in what a topic would have found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from watcher.app.bootstrap import App
from watcher.app.configuration.editor import Editor, describe_values
from watcher.app.topics import find_topic
from watcher.contract.configuration import Boxes, BroughtIn, TopicEdit, TopicSettings
from watcher.errors import ConflictError, NotFoundError, QueryError, UsageError
from watcher.model.topic import Topic
from watcher.settings.edit_files import Draft
from watcher.settings.edit_topics import find_topic_place, format_block, hash_topic, update_topic
from watcher.settings.loader import TOPICS
from watcher.settings.topics import SENTENCE_KEYS
from watcher.settings.yaml_edits import AddItem, RemoveItem, UnreadableError, UpdateItem, Value, parse_values
from watcher.text.written_values import NAME

MAX_ID_CHARACTERS = 48


def create_topic(editor: Editor, edit: TopicEdit) -> str:
    """Add a topic and return its id, which is made from the name where none is sent.

    Raises UsageError, QueryError, and what an edit of the configuration raises.
    """
    topic_id = ""

    def plan(draft: Draft) -> None:
        """Add the topic's item."""
        nonlocal topic_id
        topic_id = add_topic(draft, edit)

    editor.edit(plan)
    return topic_id


def update_configured_topic(editor: Editor, topic_id: str, edit: TopicEdit, etag: str) -> str:
    """Change a topic and return its id; a new one renames it, in the digests as well, and keeps what it found.

    Raises NotFoundError, ConflictError, UsageError, QueryError, and what an edit of the configuration raises.
    """

    def plan(draft: Draft) -> None:
        """Change the topic's item, and the digests that name it."""
        topic = find_topic(draft.settings.topics, topic_id)
        editor.require_match("topic", topic_id, topic, etag, edit)
        _change_topic(draft, topic, edit)

    editor.edit(plan)
    return edit.get("id", topic_id)


def save_edited_topic(editor: Editor, topic_id: str, edit: TopicEdit, seen: str) -> str:
    """Change, rename or add the topic that the topic builder edited, and return its id.

    `topic_id` is the topic that the builder was opened on, and `seen` what `hash_topic` returned of it; an empty one
    saves over whatever is there. Raises ConflictError, and what creating and changing a topic raise.
    """

    saved_id = edit.get("id", topic_id)

    def plan(draft: Draft) -> None:
        """Add the topic's item, or change the one that is there."""
        nonlocal saved_id
        topic = next((topic for topic in draft.settings.topics if topic.id == topic_id), None)
        if seen and seen != hash_topic(topic):
            current = describe_values(topic) if topic is not None else ""
            raise ConflictError("topic", topic_id, current, describe_values(edit))
        if topic is None:
            saved_id = add_topic(draft, edit)
        else:
            _change_topic(draft, topic, edit)

    editor.edit(plan)
    return saved_id


def add_topic(draft: Draft, edit: TopicEdit) -> str:
    """Add a topic's item to a draft of the configuration and return its id. Raises UsageError and QueryError."""
    name = str(edit.get("name") or edit.get("id") or "").strip()
    if not name:
        raise UsageError("`name` is missing")
    # Ids of the draft, which may have been added in this same edit.
    taken = {str(item.get("id")) for item in draft.list_items("topics") if isinstance(item, dict)}
    topic_id = edit.get("id") or _make_id(name, taken)
    if topic_id in taken:
        raise UsageError(f"there is a topic {topic_id!r} already")
    values = {"id": topic_id, **({"name": name} if name != topic_id else {}), **_to_values(edit)}
    draft.apply(AddItem(section="topics", values={k: v for k, v in values.items() if v not in (None, [])}))
    draft.summary = f"Added the topic {name}"
    return topic_id


def _change_topic(draft: Draft, topic: Topic, edit: TopicEdit) -> None:
    """Change a topic's item, and the digests that name it."""
    new_id = edit.get("id", topic.id)
    values = _to_values(_drop_unchanged(topic, edit))
    # Without a name the id is shown: an empty one is removed from the file.
    name = edit.get("name", topic.name).strip()
    if (name or topic.id) != topic.name:
        values["name"] = name or None
    if new_id != topic.id:
        if any(other.id == new_id for other in draft.settings.topics):
            raise UsageError(f"there is a topic {new_id!r} already")
        values |= {"id": new_id, "formerly": [*(f for f in topic.formerly if f != new_id), topic.id]}
    if values:
        update_topic(draft, topic.id, values)
    if new_id != topic.id:
        _replace_in_digests(draft, topic.id, new_id)
    draft.summary = _summarise(topic, edit)


def _drop_unchanged(topic: Topic, edit: TopicEdit) -> TopicEdit:
    """Return an edit without the texts that it leaves as they are: they keep their form and comments in the file."""
    kept = {key: value for key, value in edit.items() if key not in SENTENCE_KEYS or value != list(getattr(topic, key))}
    if "query" in kept and "boxes" not in kept and format_block(edit["query"] or "") == format_block(topic.query):
        del kept["query"]
    return kept  # type: ignore[return-value]


def delete_topic(editor: Editor, topic_id: str, etag: str) -> None:
    """Delete a topic; its hits stay stored, and digests go on without it. Raises UsageError where one has no other."""

    def plan(draft: Draft) -> None:
        """Remove the topic's item, and its name from the digests."""
        topic = find_topic(draft.settings.topics, topic_id)
        editor.require_match("topic", topic_id, topic, etag, {})
        draft.apply(RemoveItem(section="topics", item=find_topic_place(draft, topic_id)))
        _replace_in_digests(draft, topic_id, None)
        draft.summary = f"Deleted the topic {topic.name}"

    editor.edit(plan)


def restore_topic(editor: Editor, topic_id: str) -> None:
    """Add a deleted topic again, as the latest version that has it. Raises NotFoundError."""

    def plan(draft: Draft) -> None:
        """Add the topic's item as it was."""
        if any(topic.id == topic_id for topic in draft.settings.topics):
            raise UsageError(f"there is a topic {topic_id!r} already")
        item = find_deleted_topic(editor, topic_id)
        if item is None:
            raise NotFoundError("deleted topic", topic_id)
        draft.apply(AddItem(section="topics", values=item))
        draft.summary = f"Restored the topic {item.get('name') or topic_id}"

    editor.edit(plan)


def list_deleted_topics(editor: Editor) -> list[tuple[str, str]]:
    """Return id and name of the topics that were deleted and can be restored, the latest first."""
    configured = {topic.id for topic in editor.app.settings.topics}
    former = {name for topic in editor.app.settings.topics for name in topic.formerly}
    names: dict[str, str] = {}
    for item in _iter_former_topics(editor):
        id_ = str(item.get("id"))
        # The versions come newest first: what had another id later is listed under that.
        former.update(str(former_id) for former_id in item.get("formerly") or ())
        if id_ not in configured and id_ not in former:
            names.setdefault(id_, str(item.get("name") or id_))
    return list(names.items())


def find_deleted_topic(editor: Editor, topic_id: str) -> dict[str, Any] | None:
    """Return the bare values of a topic as the latest version has it; None where no version does."""
    return next((item for item in _iter_former_topics(editor) if item.get("id") == topic_id), None)


def bring_in_hits(app: App, topic_id: str, days: int, editor: Editor) -> BroughtIn | None:
    """Find what a topic would have found in the stored items of some days, and offer it to the next digest, once.

    None where the topic matches nothing by words: it is paused, or sentences alone describe it.
    """
    from watcher.store.hits.offers import offer_hits
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.replay import replay_topics

    topic = find_topic(app.settings.topics, topic_id)
    if not days or not topic.has_query or topic.paused:
        return None
    scan = ArchiveScan(app.database, editor.now - timedelta(days=days))
    replayed = replay_topics(scan, app.matcher, editor.now, topic_ids=[topic_id], afresh=True)
    hit_count = replayed.new.get(topic_id, 0)
    if hit_count:
        with app.database.write() as db:
            offer_hits(db, topic_id, editor.now, editor.now - timedelta(days=days))
    return {"tested": replayed.tested, "hits": hit_count}


def encode_topic_settings(editor: Editor, topic: Topic) -> TopicSettings:
    """Return a topic as configured."""
    return {
        "id": topic.id,
        "name": topic.name,
        "description": topic.description,
        "tags": list(topic.tags),
        "query": topic.query,
        "boxes": encode_boxes(topic.query),
        "about": list(topic.about),
        "not_about": list(topic.not_about),
        "examples": list(topic.examples),
        "not_examples": list(topic.not_examples),
        "proposals": topic.proposals,
        "paused": topic.paused,
        "formerly": list(topic.formerly),
        "etag": editor.make_etag(topic),
    }


def encode_boxes(query: str) -> Boxes | None:
    """Return a query as boxes; None where boxes cannot show it."""
    from watcher.match.boxes import parse_boxes

    if not query.strip():
        return {"all_of": [], "any_of": [], "none_of": []}
    try:
        boxes = parse_boxes(query)
    except QueryError:
        return None
    if boxes is None:
        return None
    return {"all_of": list(boxes.all_of), "any_of": list(boxes.any_of), "none_of": list(boxes.none_of)}


def _to_values(edit: TopicEdit) -> dict[str, Value]:
    """Return the keys of a topic's item that an edit sets, without its id and name."""
    values: dict[str, Value] = {}
    if "query" in edit or "boxes" in edit:
        query = read_edited_query(edit)
        values |= {"keywords": None, "query": format_block(query) if query else None}
    for key in ("description", "tags", "about", "not_about", "examples", "not_examples", "proposals"):
        if key in edit:
            values[key] = edit[key] if edit[key] not in ("", []) else None
    if "paused" in edit:
        values["paused"] = edit["paused"] or None
    return values


def read_edited_query(edit: TopicEdit) -> str:
    """Return the query of an edit, which stands there as text or in boxes; empty where it is removed.

    Raises UsageError for both, and QueryError for boxes that say nothing to look for.
    """
    from watcher.match.boxes import QueryBoxes, format_boxes

    if "query" in edit and "boxes" in edit:
        raise UsageError("send either `query` or `boxes`: they are two ways to write the same")
    if "boxes" not in edit:
        return (edit["query"] or "").strip()
    boxes = edit["boxes"]
    all_of, any_of, none_of = boxes["all_of"], boxes["any_of"], boxes["none_of"]
    if not any(clause.strip() for clause in (*all_of, *any_of, *none_of)):
        return ""
    return format_boxes(QueryBoxes(all_of=tuple(all_of), any_of=tuple(any_of), none_of=tuple(none_of)))


def _summarise(topic: Topic, edit: Mapping[str, Any]) -> str:
    changed = set(edit) - {"bring_in"}
    if changed == {"paused"}:
        return f"{'Paused' if edit['paused'] else 'Resumed'} the topic {topic.name}"
    if changed <= {"id", "name"} and edit.get("name", topic.name) != topic.name:
        return f"Renamed the topic {topic.name} to {edit['name']}"
    return f"Changed the topic {topic.name}"


def _replace_in_digests(draft: Draft, topic_id: str, new_id: str | None) -> None:
    """Put a new id in place of a topic's in the digests, or take it out of them."""
    for place, digest in enumerate(draft.settings.subscriptions):
        if topic_id not in digest.topics:
            continue
        left = [new_id if id_ == topic_id else id_ for id_ in digest.topics]
        left = [id_ for id_ in left if id_ is not None]
        if not left:
            # No topics would mean all of them.
            raise UsageError(f"the digest {digest.name!r} has no other topic: give it another or delete it first")
        draft.apply(UpdateItem(section="digests", item=place, values={"topics": left}))


def _iter_former_topics(editor: Editor) -> Iterable[dict[str, Any]]:
    """Yield the bare topics of all versions that are kept, the newest first."""
    for version in editor.list_versions():
        text = version.before.get(TOPICS)
        if text is None:
            continue
        try:
            items = parse_values(text.replace("\r\n", "\n"), TOPICS).get("topics")
        except UnreadableError:
            continue
        yield from (item for item in items or () if isinstance(item, dict) and NAME.fullmatch(str(item.get("id"))))


def _make_id(name: str, taken: Iterable[str]) -> str:
    """Return an id made from a name: its letters and digits in lower case, with a number where it is taken."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:MAX_ID_CHARACTERS].strip("-") or "topic"
    known, number, candidate = set(taken), 1, base
    while candidate in known:
        number += 1
        candidate = f"{base}-{number}"
    return candidate

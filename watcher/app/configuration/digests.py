"""Digests: create, change, rename, pause, delete, and send now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watcher.app.bootstrap import App
from watcher.app.configuration.editor import Editor, escape_values, require_text
from watcher.contract.configuration import DigestEdit, DigestSettings, SentNow
from watcher.contract.timestamps import format_timestamp
from watcher.digest.slots import list_next_slots
from watcher.errors import NotFoundError, UsageError
from watcher.model.subscription import Subscription
from watcher.settings.edit_files import Draft
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_edits import AddItem, RemoveItem, UpdateItem
from watcher.text.suggest import find_nearest

_FLAGS = ("include_baseline", "include_backfill", "paused")
"""Keys that are written only where they are true: that is not their default."""


def find_digest(digests: tuple[Subscription, ...], name: str) -> Subscription:
    """Return the configured digest of a name; raises NotFoundError with the nearest one."""
    by_name = {digest.name: digest for digest in digests}
    if name not in by_name:
        raise NotFoundError("digest", name, find_nearest(name, by_name) or "")
    return by_name[name]


def create_digest(editor: Editor, edit: DigestEdit) -> str:
    """Add a digest and return its name. Raises UsageError, and what an edit of the configuration raises."""
    require_text(edit, "name", "schedule", "channels")

    def plan(draft: Draft) -> None:
        """Add the digest's item."""
        if any(digest.name == edit["name"] for digest in draft.settings.subscriptions):
            raise UsageError(f"there is a digest {edit['name']!r} already")
        draft.apply(AddItem(section="digests", values={k: v for k, v in _to_values(edit).items() if v is not None}))
        draft.summary = f"Added the digest {edit.get('title') or edit['name']}"

    editor.edit(plan)
    return edit["name"]


def update_digest(editor: Editor, name: str, edit: DigestEdit, etag: str) -> str:
    """Change a digest and return its name; under a new one it keeps what it has sent.

    Raises NotFoundError, ConflictError, UsageError, and what an edit of the configuration raises.
    """
    new_name = edit.get("name", name)

    def plan(draft: Draft) -> None:
        """Change the digest's item."""
        digest = find_digest(draft.settings.subscriptions, name)
        editor.require_match("digest", name, digest, etag, edit)
        values = _to_values(edit)
        if new_name != name:
            if any(other.name == new_name for other in draft.settings.subscriptions):
                raise UsageError(f"there is a digest {new_name!r} already")
            values["formerly"] = [*(f for f in digest.formerly if f != new_name), name]
        draft.apply(UpdateItem(section="digests", item=_find_place(draft, name), values=values))
        draft.summary = _summarise(digest, edit)

    editor.edit(plan)
    return new_name


def delete_digest(editor: Editor, name: str, etag: str) -> None:
    """Delete a digest; what it has sent stays stored. Raises NotFoundError and ConflictError."""

    def plan(draft: Draft) -> None:
        """Remove the digest's item."""
        digest = find_digest(draft.settings.subscriptions, name)
        editor.require_match("digest", name, digest, etag, {})
        draft.apply(RemoveItem(section="digests", item=_find_place(draft, name)))
        draft.summary = f"Deleted the digest {digest.title or name}"

    editor.edit(plan)


def send_digest_now(app: App, name: str, editor: Editor) -> SentNow:
    """Compose a digest now, whatever its schedule, and queue its messages. Raises NotFoundError."""
    from watcher.pipeline.digests import compose_now
    from watcher.store.outbox.queries import find_deliveries

    digest = compose_now(app.database, app.press(), name, editor.now)
    editor.record("digest sent by hand", name, after=None if digest is None else str(digest.id))
    if digest is None or digest.id is None:
        return {"id": None, "stories": 0, "hits": 0, "deliveries": 0}
    with app.database.read() as db:
        deliveries = find_deliveries(db, digest_id=digest.id, limit=1000).items
    return {
        "id": digest.id,
        "stories": digest.story_count,
        "hits": len(digest.hits),
        "deliveries": len(deliveries),
    }


def encode_digest_settings(editor: Editor, digest: Subscription) -> DigestSettings:
    """Return a digest as configured, with its next times."""
    return {
        "name": digest.name,
        "title": digest.title,
        "schedule": digest.schedule,
        "timezone": digest.timezone,
        "channels": list(digest.channels),
        "topics": list(digest.topics),
        "language": digest.language,
        "empty": digest.empty.value,
        "max_stories": digest.max_stories,
        "max_age": format_duration(digest.max_age),
        "min_score": digest.min_score,
        "include_baseline": digest.include_baseline,
        "include_backfill": digest.include_backfill,
        "quiet": {"start": f"{digest.quiet.start:%H:%M}", "end": f"{digest.quiet.end:%H:%M}"} if digest.quiet else None,
        "cooldown": format_duration(digest.cooldown),
        "batch": format_duration(digest.batch),
        "alarms": digest.alarms,
        "paused": digest.paused,
        "formerly": list(digest.formerly),
        "owner": digest.owner,
        "to": list(digest.to),
        "next": [format_timestamp(slot) for slot in list_next_slots(digest, editor.now)],
        "etag": editor.make_etag(digest),
    }


def _to_values(edit: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: escape_values(value) for key, value in edit.items()}
    for key in _FLAGS:
        if key in values:
            values[key] = values[key] or None
    for key in ("title", "topics", "owner", "to"):
        if values.get(key) in ("", []):
            values[key] = None
    return values


def _summarise(digest: Subscription, edit: Mapping[str, Any]) -> str:
    shown = digest.title or digest.name
    if set(edit) == {"paused"}:
        return f"{'Paused' if edit['paused'] else 'Resumed'} the digest {shown}"
    return f"Changed the digest {shown}"


def _find_place(draft: Draft, name: str) -> int:
    for number, item in enumerate(draft.list_items("digests")):
        if isinstance(item, dict) and item.get("name") == name:
            return number
    raise NotFoundError("digest", name)

"""What every edit of the configuration shares: who edits, what they saw, and secrets that go into files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from watcher.app.bootstrap import App
from watcher.contract.configuration import ConfigurationVersion
from watcher.contract.timestamps import format_timestamp
from watcher.errors import ConfigError, ConflictError, Fault, UsageError
from watcher.model.person import DESK, Actor, Person
from watcher.model.role import Role
from watcher.model.subscription import Channel, Subscription
from watcher.model.topic import Topic
from watcher.settings import load, signing_key
from watcher.settings.edit_feeds import escape_references
from watcher.settings.edit_files import Draft, edit_configuration, read_versions, undo_version
from watcher.settings.edit_history import Origin, Version, load_version
from watcher.settings.secrets import list_secret_lists, secret_fields
from watcher.settings.yaml_edits import format_item
from watcher.store.database import Db
from watcher.store.digests.renames import rename_channel, rename_digest
from watcher.store.people.audit import add_audit_entry, find_editor_of_version
from watcher.store.topics import rename_topic
from watcher.text.written_values import Section

ANY = "*"
"""The etag of an edit that is made whatever was there."""
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Edits the configuration of an application, in a person's name, through an entry point.

    `versions` are the edits it made.
    """

    app: App
    by: str
    now: datetime
    person: Person = DESK
    versions: list[Version] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.app.settings.folder

    def edit(self, plan: Callable[[Draft], None]) -> Version | None:
        """Edit the files, and return the version that was made; None where nothing changed.

        Raises what `edit_configuration` raises.
        """
        version = edit_configuration(self.folder, self.app.environ, plan, Origin(by=self.by, at=self.now))
        if version is not None:
            self.versions.append(version)
            self.record("configuration changed", version.summary, version=version.number)
        return version

    def undo(self, number: int | None = None) -> Version:
        """Undo an edit, the latest by default; raises what `undo_version` raises.

        Who is no admin can undo what an editor may do, which is what the person did: raises UsageError for the rest.
        """
        before = self.app.settings
        if not self.may_undo(number):
            raise UsageError("this edit was made by somebody else: an admin can undo it")
        version = undo_version(self.folder, self.app.environ, number, Origin(by=self.by, at=self.now))
        self.versions.append(version)
        after = load(self.folder, self.app.environ, queries=False, secrets_needed=False)
        with self.app.database.write() as db:
            _rename_back(rename_topic, db, _list_names(before.topics), _list_names(after.topics))
            _rename_back(rename_digest, db, _list_names(before.subscriptions), _list_names(after.subscriptions))
            _rename_back(rename_channel, db, _list_names(before.channels), _list_names(after.channels))
        self.record("configuration changed", version.summary, version=version.number)
        return version

    def may_undo(self, number: int | None) -> bool:
        """Return whether the person may undo an edit: an admin any, an editor those of their own."""
        if self.person.role.includes(Role.ADMIN):
            return True
        if number is None or not self.person.role.includes(Role.EDITOR):
            return False
        with self.app.database.read() as db:
            return find_editor_of_version(db, number) == self.person.name

    def record(self, action: str, object_: str, *, after: str | None = None, version: int | None = None) -> None:
        """Add to the audit who did what to which object. Raises StoreError."""
        actor = Actor(person=self.person, via=self.by)
        with self.app.database.write() as db:
            add_audit_entry(db, actor, self.now, action, object_, after=after, version=version)

    def load_version(self, number: int) -> Version:
        """Return an edit that is kept; raises NotFoundError."""
        return load_version(self.app.settings.state, number)

    def list_versions(self, limit: int = 100) -> tuple[Version, ...]:
        """Return the edits that are kept, the newest first."""
        return read_versions(self.folder, self.app.environ, limit)

    def make_etag(self, item: object) -> str:
        """Return a tag that changes with what is configured of an item. Nothing of it can be guessed from the tag."""
        text = json.dumps(_to_plain(item), sort_keys=True, ensure_ascii=True)
        key = hashlib.blake2b(signing_key(self.app.settings), digest_size=32).digest()
        return hashlib.blake2b(text.encode(), key=key, digest_size=12).hexdigest()

    def require_match(
        self, what: str, name: str, item: object, etag: str, values: Mapping[str, Any], secrets: Sequence[str] = ()
    ) -> None:
        """Raise ConflictError where an item is no longer what the editor saw."""
        if etag != ANY and etag != self.make_etag(item):
            raise ConflictError(what, name, describe_values(item, secrets), describe_values(values, secrets))


def _list_names(items: Iterable[Topic | Subscription | Channel]) -> dict[str, tuple[str, ...]]:
    """Return the names of topics, digests or channels, each with its former names."""
    return {item.id if isinstance(item, Topic) else item.name: item.formerly for item in items}


def _rename_back(
    rename: Callable[[Db, str, str], bool],
    db: Db,
    before: Mapping[str, tuple[str, ...]],
    after: Mapping[str, tuple[str, ...]],
) -> None:
    """Carry what is stored under a name over to the former one that an undo has given back."""
    for name, former_names in before.items():
        former = next(
            (
                former_name
                for former_name in reversed(former_names)
                if former_name in after and former_name not in before
            ),
            None,
        )
        if name not in after and former is not None:
            rename(db, name, former)


def encode_version(version: Version) -> ConfigurationVersion:
    """Return an edit without the texts that it keeps."""
    return {
        "number": version.number,
        "at": format_timestamp(version.at),
        "by": version.by,
        "summary": version.summary,
        "files": list(version.files),
    }


def escape_values(value: Any) -> Any:
    """Return values in which no `${NAME}` is read: they come from a form, and the environment is not the visitor's."""
    match value:
        case str():
            return escape_references(value)
        case Mapping():
            return {key: escape_values(inner) for key, inner in value.items()}
        case list() | tuple():
            return [escape_values(inner) for inner in value]
        case _:
            return value


def store_secrets(draft: Draft, model: type[Section], prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in which each secret is the name of a file that holds it (`password` becomes `password_file`).

    A null secret is removed. Raises ConfigError where a file cannot be written, UsageError for a secret of no text.
    """
    stored: dict[str, Any] = {}
    single, lists = secret_fields(model), list_secret_lists(model)
    for key, value in values.items():
        if key.removesuffix("_file") in (*single, *lists) and key.endswith("_file"):
            raise UsageError(f"send `{key.removesuffix('_file')}` itself: its file is written here")
        # A secret goes into a file of its own, and its key is removed; what is no secret stays as it is.
        if key not in single and key not in lists:
            stored[key] = escape_values(value)
            continue
        lines = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(line, str) and line.strip() and "\n" not in line.strip() for line in lines):
            raise UsageError(f"`{key}` must be text in one line")
        stored[key] = None
        stored[f"{key}_file"] = write_secret(draft, f"{prefix}-{key}", "\n".join(lines)) if lines else None
    return stored


def write_secret(draft: Draft, name: str, text: str) -> str:
    """Write a secret into a file and return its path, as the configuration names it. Raises ConfigError."""
    try:
        return draft.secrets.write(name, text)
    except OSError as error:
        reason = f"the secret cannot be written: {error.strerror or error}"
        raise ConfigError((Fault(str(draft.folder), 1, 1, reason),)) from error


def require_text(values: Mapping[str, Any], *keys: str) -> None:
    """Raise UsageError where one of these keys is missing or empty."""
    for key in keys:
        if values.get(key) in (None, "", []):
            raise UsageError(f"`{key}` is missing")


def describe_values(item: object, secrets: Sequence[str] = ()) -> str:
    """Return the values of an item as lines for a person, without secrets and what is not set."""
    plain = _to_plain(item, reveal=False)
    if not isinstance(plain, dict):
        return str(plain)
    left_out = {"file", "line", "column", "sentence_places", "secrets", "address", "access", "private"}
    shown = {
        key: _HIDDEN if key in secrets else value
        for key, value in plain.items()
        if key not in left_out and value not in (None, "", [], {})
    }
    return format_item(shown).removeprefix("- ").replace("\n  ", "\n")


def _to_plain(value: object, *, reveal: bool = True) -> Any:
    """Return a value of the configuration as JSON; where a topic stands in its file is no part of it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value() if reveal else _HIDDEN
    if isinstance(value, BaseModel):
        return {name: _to_plain(inner, reveal=reveal) for name, inner in value}
    if is_dataclass(value) and not isinstance(value, type):
        places = ("file", "line", "column", "sentence_places")
        return {
            field.name: _to_plain(getattr(value, field.name), reveal=reveal)
            for field in fields(value)
            if field.name not in places
        }
    if isinstance(value, Mapping):
        return {str(key): _to_plain(inner, reveal=reveal) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(inner, reveal=reveal) for inner in value]
    # A member of an enumeration is text, too.
    return value if value is None or type(value) in (bool, int, float, str) else str(value)

"""A person's own digests: topics, times and zone of one's own, mailed to one's own address.

They stand in the file beside the desk's, with their `owner`. A reader may change these and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watcher.app.configuration import digests as use_cases
from watcher.app.configuration.editor import Editor, require_text
from watcher.channels import CHANNELS
from watcher.contract.configuration import DigestEdit, DigestSettings, OwnDigestEdit
from watcher.errors import NotFoundError, UsageError
from watcher.model.person import Person, make_login
from watcher.model.subscription import Channel, Subscription
from watcher.settings import Settings
from watcher.text.idn import validate_address
from watcher.text.written_values import make_plain_name

MAX_OWN_DIGESTS = 10
"""Each is composed and sent by itself: one person must not keep the outbox busy."""


def list_own_digests(settings: Settings, person: Person) -> tuple[Subscription, ...]:
    """Return the digests whose owner a person is; the desk, which is nobody in particular, has none."""
    if person.author is None:
        return ()
    login = make_login(person.name)
    return tuple(
        subscription
        for subscription in settings.subscriptions
        if subscription.owner and make_login(subscription.owner) == login
    )


def list_mail_channels(settings: Settings) -> tuple[Channel, ...]:
    """Return the channels that can send a digest to an address of its own."""
    return tuple(channel for channel in settings.channels if CHANNELS[channel.kind].takes_addresses)


def create_own_digest(editor: Editor, edit: OwnDigestEdit) -> str:
    """Add a digest of the person who edits, and return its name.

    Raises UsageError where it names no address, where the person is nobody or has as many as are allowed, and what an
    edit of the configuration raises.
    """
    settings, person = editor.app.settings, editor.person
    if person.author is None:
        raise UsageError("only a named person has digests of one's own: log in by name")
    require_text(edit, "schedule", "to")
    if len(list_own_digests(settings, person)) >= MAX_OWN_DIGESTS:
        raise UsageError(f"you have {MAX_OWN_DIGESTS} digests, and there are no more for one person")
    values = _to_digest(settings, edit)
    values.setdefault("channels", [_choose_channel(settings, None)])
    name = _make_name(person.name, [digest.name for digest in settings.subscriptions])
    values |= {"name": name, "owner": person.name, "title": edit.get("title") or f"Digest for {person.name}"}
    return use_cases.create_digest(editor, values)


def update_own_digest(editor: Editor, name: str, edit: OwnDigestEdit, etag: str) -> str:
    """Change a digest of the person who edits, and return its name.

    Raises NotFoundError where it is somebody else's, ConflictError, UsageError, and what an edit of the configuration
    raises.
    """
    require_own_digest(editor, name)
    return use_cases.update_digest(editor, name, _to_digest(editor.app.settings, edit), etag)


def delete_own_digest(editor: Editor, name: str, etag: str) -> None:
    """Delete a digest of the person who edits. Raises NotFoundError where it is somebody else's, and ConflictError."""
    require_own_digest(editor, name)
    use_cases.delete_digest(editor, name, etag)


def encode_own_digest(editor: Editor, name: str) -> DigestSettings:
    """Return a digest of the person who edits. Raises NotFoundError where it is somebody else's."""
    return use_cases.encode_digest_settings(editor, require_own_digest(editor, name))


def require_own_digest(editor: Editor, name: str) -> Subscription:
    """Return a digest of the person who edits. Raises NotFoundError where there is none of that name."""
    for digest in list_own_digests(editor.app.settings, editor.person):
        if digest.name == name:
            return digest
    raise NotFoundError("digest of yours", name)


def _to_digest(settings: Settings, edit: OwnDigestEdit) -> DigestEdit:
    values: dict[str, Any] = {key: edit[key] for key in edit if key not in {"to", "channel"}}  # type: ignore[literal-required]
    if "to" in edit:
        try:
            values["to"] = [validate_address(edit["to"])]
        except ValueError as error:
            raise UsageError(str(error)) from error
    if "channel" in edit:
        values["channels"] = [_choose_channel(settings, edit["channel"])]
    return values  # type: ignore[return-value]


def _choose_channel(settings: Settings, name: str | None) -> str:
    """Return the mail channel of a name, or the first one. Raises UsageError where there is none."""
    names = [channel.name for channel in list_mail_channels(settings)]
    if not names:
        raise UsageError("there is no e-mail channel yet: an admin adds one under Digests and channels")
    if name is None:
        return names[0]
    if name not in names:
        raise UsageError(f"{name!r} is no e-mail channel; there are: {', '.join(names)}")
    return name


def _make_name(person: str, taken: Sequence[str]) -> str:
    """Return a name that is free: the person's in plain letters, and a number."""
    stem = make_plain_name(make_login(person)) or "own"
    number = next(number for number in range(1, len(taken) + 2) if f"{stem}-{number}" not in taken)
    return f"{stem}-{number}"

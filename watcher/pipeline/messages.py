"""Turns a digest into messages: what each recipient of each channel is sent, and under which identity."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from watcher.channels import CHANNELS
from watcher.channels.base import Target
from watcher.digest.forms import DigestForms
from watcher.model.digest import Channel, Digest
from watcher.store.outbox.queue import DeliveryDraft


def build_messages(
    forms: DigestForms,
    channels: Sequence[Channel],
    *,
    installation: str,
    not_before: datetime,
    follows: int = 0,
    to: Sequence[str] = (),
    unsubscribed: Collection[tuple[str, str]] = (),
    earlier: Mapping[tuple[str, str], str] | None = None,
) -> list[DeliveryDraft]:
    """Return a digest's messages: one for each recipient, several where a channel needs parts.

    `to` are the digest's own mail addresses, in place of a channel's recipients. `unsubscribed` are the (channel,
    recipient) pairs that want this digest no longer. `earlier` holds by such pairs the identity of a message that was
    sent and that this one continues. `follows` is the id of the last digest of that name, 0 where this is the first.
    """
    return [
        DeliveryDraft(
            channel=channel.name,
            kind=channel.kind,
            recipient=recipient,
            part=part,
            payload=payload,
            message_id=build_message_id(forms.digest, channel, recipient, part, installation, follows),
            not_before=not_before,
        )
        for channel in channels
        for recipient in list_recipients(channel, to)
        if (channel.name, recipient) not in unsubscribed
        for part, payload in enumerate(_render(forms, channel, recipient, installation, earlier or {}))
    ]


def list_recipients(channel: Channel, to: Sequence[str] = ()) -> Sequence[str]:
    """Return the recipients of a digest on a channel: those it names itself, where the channel takes addresses."""
    if to and CHANNELS[channel.kind].takes_addresses:
        return to
    return channel.recipients or (channel.name,)


def _render(
    forms: DigestForms, channel: Channel, recipient: str, installation: str, earlier: Mapping[tuple[str, str], str]
) -> Sequence[str]:
    target = Target(
        channel=channel.name,
        recipient=recipient,
        installation=installation,
        continues=earlier.get((channel.name, recipient)),
    )
    return CHANNELS[channel.kind].render(forms, channel.options, target)


def build_message_id(
    digest: Digest, channel: Channel, recipient: str, part: int, installation: str, follows: int
) -> str:
    """Return a message's identity, derived from what it is: a repetition has the same one, and no other message has.

    The digest that it follows is part of it: under a wrong clock, and after it, the same slot comes a second time, and
    mail programs show only one of two messages under one identity.
    """
    parts = (installation, digest.name, digest.slot_at.isoformat(), str(follows), channel.name, recipient, str(part))
    local = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
    return f"<{local}@{channel.options.identity_domain}>"

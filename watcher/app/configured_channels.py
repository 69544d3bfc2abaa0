"""Channels as configured, as JSON, with what is known of their refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.contract.deliveries import Channel, encode_channel
from watcher.contract.timestamps import format_timestamp

if TYPE_CHECKING:
    from watcher.model import digest as model
    from watcher.store.outbox.blocked_channels import BlockedChannel


def encode_configured_channel(channel: model.Channel, blocked: BlockedChannel | None) -> Channel:
    """Return a channel as configured, and since when and why its other side refuses it."""
    if blocked is None:
        return encode_channel(channel, None)
    return encode_channel(channel, {"since": format_timestamp(blocked.since), "reason": blocked.reason})

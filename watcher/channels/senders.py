"""The open senders of the configured channels."""

from __future__ import annotations

from watcher.channels import CHANNELS
from watcher.channels.base import Sender, SenderContext
from watcher.model.subscription import Channel


class Senders:
    """The senders of the configured channels, each opened on first use and kept while its channel stays the same."""

    def __init__(self, context: SenderContext) -> None:
        self._context = context
        self._senders: dict[str, tuple[Channel, Sender]] = {}

    def find_sender(self, channel: Channel) -> Sender:
        """Return the sender of a channel; a new one where its configuration changed."""
        known, sender = self._senders.get(channel.name, (None, None))
        if sender is None or known != channel:
            sender = CHANNELS[channel.kind].open_sender(channel.options, self._context)
            self._senders[channel.name] = channel, sender
        return sender

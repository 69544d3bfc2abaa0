"""Channels: how digests leave. One folder for each kind, with its options, its rendering and its sender.

`CHANNELS` is the registry: settings, pipeline and entry points know no kind by name. A new kind is a folder and a line
here (CONTRIBUTING, "Add a channel"). Importing this package imports the options alone; renderers and senders, with the
template engine and the network libraries, are imported when they are first used.
"""

from __future__ import annotations

from typing import Any

from watcher.channels.apprise import AppriseChannel
from watcher.channels.channel_type import ChannelType
from watcher.channels.email import EmailChannel
from watcher.channels.file import FileChannel
from watcher.channels.slack import SlackChannel
from watcher.channels.webhook import WebhookChannel

CHANNELS: dict[str, ChannelType[Any]] = {
    "email": EmailChannel(),
    "slack": SlackChannel(),
    "file": FileChannel(),
    "webhook": WebhookChannel(),
    "apprise": AppriseChannel(),
}
"""The channel types by `kind`, in the order in which messages name them."""

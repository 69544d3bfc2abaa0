"""Which sender serves which kind of channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from watcher.channels.chat import PACE, SlackSender
from watcher.channels.everything import AppriseSender
from watcher.channels.files import FileSender
from watcher.channels.hook import WebhookSender
from watcher.channels.mail import EmailSender
from watcher.channels.outcome import Sender
from watcher.model.digest import ChannelKind


def senders(
    client: httpx.AsyncClient,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    slack_pace: timedelta = PACE,
) -> Mapping[ChannelKind, Sender]:
    """Give a sender for every kind of channel; HTTP goes through `client`, which is the guarded one."""
    return {
        ChannelKind.EMAIL: EmailSender(),
        ChannelKind.SLACK: SlackSender(client, slack_pace),
        ChannelKind.WEBHOOK: WebhookSender(client, clock),
        ChannelKind.APPRISE: AppriseSender(),
        ChannelKind.FILE: FileSender(),
    }

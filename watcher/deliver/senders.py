"""Which sender serves which kind of channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from watcher.deliver.chat import PACE, SlackSender
from watcher.deliver.everything import AppriseSender
from watcher.deliver.files import FileSender
from watcher.deliver.hook import WebhookSender
from watcher.deliver.mail import EmailSender
from watcher.deliver.outcome import Sender
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

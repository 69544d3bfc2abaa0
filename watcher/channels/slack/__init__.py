"""Slack: an incoming webhook, or a bot's token with threads and a way to find out what arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.channels.channel_type import ChannelType
from watcher.channels.slack.options import SlackOptions

if TYPE_CHECKING:
    from watcher.channels.sending import Sender, SenderContext, Target
    from watcher.digest.forms import DigestForms


class SlackChannel(ChannelType[SlackOptions]):
    """Messages of blocks; the parts of a long digest follow in a thread where a bot posts them."""

    options_model = SlackOptions

    def render(self, forms: DigestForms, options: SlackOptions, target: Target) -> Sequence[str]:
        """Return the payloads of a digest's messages."""
        from watcher.channels.slack.render import render_slack_messages

        return render_slack_messages(forms)

    def open_sender(self, options: SlackOptions, context: SenderContext) -> Sender:
        """Return a sender for a bot's token, or for an incoming webhook."""
        from watcher.channels.slack.sender import SlackBotSender, SlackWebhookSender

        sender = SlackBotSender if options.token is not None else SlackWebhookSender
        return sender(options, context)

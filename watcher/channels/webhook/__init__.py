"""A generic webhook: signed JSON, with an identity by which the receiver can tell a repetition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.channels.channel_type import ChannelType
from watcher.channels.webhook.options import WebhookOptions

if TYPE_CHECKING:
    from watcher.channels.sending import Sender, SenderContext, Target
    from watcher.digest.forms import DigestForms


class WebhookChannel(ChannelType[WebhookOptions]):
    """One POST for each digest, as in Standard Webhooks."""

    options_model = WebhookOptions

    def render(self, forms: DigestForms, options: WebhookOptions, target: Target) -> Sequence[str]:
        """Return the body of one request."""
        from watcher.channels.webhook.render import render_webhook_body

        return render_webhook_body(forms)

    def open_sender(self, options: WebhookOptions, context: SenderContext) -> Sender:
        """Return a sender for one address."""
        from watcher.channels.webhook.sender import WebhookSender

        return WebhookSender(options, context)

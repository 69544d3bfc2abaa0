"""Services that Apprise can reach (extra `apprise`): one delivery for each address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.channels.apprise.options import AppriseOptions
from watcher.channels.channel_type import ChannelType

if TYPE_CHECKING:
    from watcher.channels.sending import Sender, SenderContext, Target
    from watcher.digest.forms import DigestForms


class AppriseChannel(ChannelType[AppriseOptions]):
    """Markdown in messages that are cut to what each service takes."""

    options_model = AppriseOptions

    def render(self, forms: DigestForms, options: AppriseOptions, target: Target) -> Sequence[str]:
        """Return the payloads of messages that fit the recipient's service."""
        from watcher.channels.apprise.render import render_apprise_messages

        return render_apprise_messages(forms, options, target)

    def open_sender(self, options: AppriseOptions, context: SenderContext) -> Sender:
        """Return a sender for all addresses of the channel."""
        from watcher.channels.apprise.sender import AppriseSender

        return AppriseSender(options)

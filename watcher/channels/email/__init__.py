"""E-mail over SMTP: one message for each recipient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.channels.channel_type import ChannelType
from watcher.channels.email.options import EmailOptions

if TYPE_CHECKING:
    from watcher.channels.sending import Sender, SenderContext, Target
    from watcher.digest.forms import DigestForms


class EmailChannel(ChannelType[EmailOptions]):
    """Mails with HTML and text, which all recipients of a digest share."""

    options_model = EmailOptions
    needs_digest_body = True
    takes_addresses = True

    def render(self, forms: DigestForms, options: EmailOptions, target: Target) -> Sequence[str]:
        """Return the payload of one mail."""
        from watcher.channels.email.render import render_mail

        return render_mail(forms, target)

    def open_sender(self, options: EmailOptions, context: SenderContext) -> Sender:
        """Return a sender for one SMTP server."""
        from watcher.channels.email.sender import EmailSender

        return EmailSender(options)

"""Renders a digest as a mail. HTML and text are stored once with the digest; the payload is what differs."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.channels.payload import dump_payload
from watcher.channels.sending import Target
from watcher.digest.forms import DigestForms
from watcher.model.delivery import Unsubscription


def render_mail(forms: DigestForms, target: Target) -> Sequence[str]:
    """Return the payload of one mail: subject, the message that it continues, link to unsubscribe."""
    name = forms.digest.name
    recipient = Unsubscription(subscription=name, channel=target.channel, recipient=target.recipient)
    return [
        dump_payload(
            name=name,
            subject=forms.subject,
            thread=target.continues,
            unsubscribe=forms.links.leave(recipient),
        )
    ]

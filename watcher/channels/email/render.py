"""Renders a digest as a mail. HTML and text are stored once with the digest; the payload is what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from watcher.channels.base import Target
from watcher.channels.payload import dump_payload
from watcher.digest.forms import DigestForms
from watcher.model.digest import Unsubscription


def render_mail(forms: DigestForms, target: Target) -> Sequence[str]:
    """Return the payload of one mail: subject, thread of this digest's mails to this recipient, unsubscribe link."""
    name = forms.digest.name
    recipient = Unsubscription(subscription=name, channel=target.channel, recipient=target.recipient)
    return [
        dump_payload(
            name=name,
            subject=forms.subject,
            thread=_build_thread_id(target.installation, name, target.recipient),
            unsubscribe=forms.links.leave(recipient),
        )
    ]


def _build_thread_id(*parts: str) -> str:
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
    return f"<{digest}.thread@news-watcher.invalid>"

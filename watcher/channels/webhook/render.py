"""Renders a digest as the JSON body of a webhook."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.channels.payload import dump_payload
from watcher.digest.forms import DigestForms


def render_webhook_body(forms: DigestForms) -> Sequence[str]:
    """Return the body of one request: the digest as data, with its subject and text."""
    return [dump_payload(**forms.data, subject=forms.subject, text=forms.text)]

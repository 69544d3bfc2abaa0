"""Renders a digest as one short text."""

from __future__ import annotations

from collections.abc import Sequence

from tests.channels.pager.options import PagerOptions
from watcher.channels.payload import dump_payload
from watcher.digest.forms import DigestForms
from watcher.digest.message_parts import cut_text


def render_messages(forms: DigestForms, options: PagerOptions) -> Sequence[str]:
    """Return the payload of one page."""
    return [dump_payload(text=cut_text(forms.subject, options.length))]

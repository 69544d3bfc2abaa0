"""Renders a digest as Markdown in messages of the length that a service takes."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.channels.apprise.limits import find_limits
from watcher.channels.apprise.options import AppriseOptions
from watcher.channels.payload import dump_payload
from watcher.channels.sending import Target
from watcher.digest.forms import DigestForms
from watcher.digest.message_parts import cut_text, split_markdown


def render_apprise_messages(forms: DigestForms, options: AppriseOptions, target: Target) -> Sequence[str]:
    """Return the payloads of a digest: one, or several that are numbered in their titles."""
    name, subject = forms.digest.name, forms.subject
    url = options.find_url(target.recipient)
    limits = find_limits(url) if url is not None else None
    if limits is None:
        return [dump_payload(name=name, subject=subject, markdown=forms.markdown)]
    parts = split_markdown(forms.markdown, limits.body, forms.links.digests())
    payloads = []
    for number, part in enumerate(parts, 1):
        count = f" ({number}/{len(parts)})" if len(parts) > 1 else ""
        title = cut_text(subject, limits.title - len(count)) + count
        payloads.append(dump_payload(name=name, subject=title, markdown=part))
    return payloads

"""Renders a digest in the formats that a folder holds, and the folder's feed."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.channels.file.options import FileOptions
from watcher.channels.payload import dump_payload
from watcher.digest.forms import DigestForms


def render_files(forms: DigestForms, options: FileOptions) -> Sequence[str]:
    """Return one payload: the digest in each configured format, by the format's name."""
    digest = forms.digest
    written = {name: forms.render_form(name) for name in options.formats}
    slot = digest.slot_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [dump_payload(name=digest.name, slot=slot, subject=forms.subject, **written)]

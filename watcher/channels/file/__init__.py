"""Digests as files in a folder, with an Atom feed of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.channels.channel_type import ChannelType
from watcher.channels.file.options import FileOptions

if TYPE_CHECKING:
    from watcher.channels.sending import Sender, SenderContext, Target
    from watcher.digest.forms import DigestForms


class FileChannel(ChannelType[FileOptions]):
    """Files are written whole or not at all, under one name: writing them again changes nothing."""

    options_model = FileOptions
    is_idempotent = True

    def render(self, forms: DigestForms, options: FileOptions, target: Target) -> Sequence[str]:
        """Return one payload with all configured formats."""
        from watcher.channels.file.render import render_files

        return render_files(forms, options)

    def open_sender(self, options: FileOptions, context: SenderContext) -> Sender:
        """Return a sender for one folder."""
        from watcher.channels.file.sender import FileSender

        return FileSender(options)

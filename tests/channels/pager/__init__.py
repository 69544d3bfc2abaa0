"""A channel kind as a contributor adds one: this folder and a line in the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.channels.pager.options import PagerOptions
from watcher.channels.base import ChannelType, Sender, SenderContext, Target

if TYPE_CHECKING:
    from watcher.digest.forms import DigestForms


class PagerChannel(ChannelType[PagerOptions]):
    """One short text for each digest."""

    options_model = PagerOptions

    def render(self, forms: DigestForms, options: PagerOptions, target: Target) -> Sequence[str]:
        from tests.channels.pager.render import render_messages

        return render_messages(forms, options)

    def open_sender(self, options: PagerOptions, context: SenderContext) -> Sender:
        from tests.channels.pager.sender import PagerSender

        return PagerSender(options, context)

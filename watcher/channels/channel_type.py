"""A kind of channel, as the registry holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from watcher.channels.options_model import OptionsModel

if TYPE_CHECKING:  # every command reads which channels there are, and few send anything
    from watcher.channels.sending import Sender, SenderContext, Target
    from watcher.digest.forms import DigestForms

Options = TypeVar("Options", bound=OptionsModel)


class ChannelType(Protocol[Options]):
    """A kind of channel: its options, how a digest is rendered for it, and who sends the messages.

    `is_idempotent` means that sending a message twice changes nothing, `needs_digest_body` that messages are sent with
    the digest's HTML and text, which are stored once with the digest and not in each message. `takes_addresses` means
    that a digest may name its own recipients, by mail address.
    """

    options_model: type[Options]
    is_idempotent: bool = False
    needs_digest_body: bool = False
    takes_addresses: bool = False

    def render(self, forms: DigestForms, options: Options, target: Target) -> Sequence[str]:
        """Return the payloads of a digest's messages to one recipient, in the order of sending. Pure."""
        ...

    def open_sender(self, options: Options, context: SenderContext) -> Sender:
        """Return a sender for one channel; it connects when it sends."""
        ...

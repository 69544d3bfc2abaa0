"""What is sent over channels, and who sends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias

from watcher.channels.outcome import SendOutcome

if TYPE_CHECKING:
    import httpx

OnStep: TypeAlias = Callable[[str, str], None]
"""Called with each step of a conversation that succeeded, and with the server's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a digest is rendered for. `installation` is the identity of this watcher's database.

    `continues` is the identity of a message that this recipient was sent and that the digest continues.
    """

    channel: str
    recipient: str
    installation: str
    continues: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestBody:
    """A digest's HTML and text, which all messages of it share."""

    html: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message with all that sending needs.

    `payload` is fixed when the digest is composed, at `created_at`; `message_id` is the same for a repetition. `thread`
    is the server's reference of the digest's first part, for later parts; `body` is given where the channel type needs
    it.
    """

    recipient: str
    payload: str
    message_id: str
    created_at: datetime
    thread: str | None = None
    body: DigestBody | None = None


class Sender(Protocol):
    """Sends the messages of one channel, one after another. It raises nothing for what a server does."""

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Send one message and return what became of it."""
        ...

    async def find_sent(self, message: OutgoingMessage) -> SendOutcome | None:
        """Look for a message that perhaps arrived: Sent where it is, None where it is not.

        Uncertain where the server does not let anybody look, Deferred or Blocked where it could not be asked now.
        """
        return None

    async def close_idle(self) -> None:
        """Close connections that were kept open for the next message."""
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderContext:
    """What senders share. HTTP goes through `http`, which is the guarded client.

    `message_spacing` replaces the time that a channel type leaves between two messages.
    """

    http: httpx.AsyncClient
    clock: Callable[[], datetime]
    message_spacing: timedelta | None = None

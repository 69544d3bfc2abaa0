"""What a channel kind consists of: a model of its options, a pure renderer, and a sender."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias, TypeVar

from pydantic import SecretStr, field_validator

from watcher.channels.outcome import SendOutcome
from watcher.text.written_values import Section, Strings, validate_names

if TYPE_CHECKING:
    import httpx

    from watcher.digest.forms import DigestForms

UncertainPolicy: TypeAlias = Literal["resend", "drop"]
"""What becomes of a message of which nobody knows whether it arrived."""
OnStep: TypeAlias = Callable[[str, str], None]
"""Called with each step of a conversation that succeeded, and with the server's answer."""


class OptionsModel(Section):
    """Options of a channel, as in its section of `watcher.yaml`; `formerly` are earlier names of the channel."""

    formerly: Strings = ()

    _valid_names = field_validator("formerly")(validate_names)

    @property
    @abstractmethod
    def recipients(self) -> tuple[str, ...]:
        """The recipients as the outbox counts them: one delivery for each. Never a secret."""

    @property
    def resends_uncertain(self) -> bool:
        """Whether a message that perhaps arrived is sent again under the same identity."""
        return True

    @property
    def can_find_sent(self) -> bool:
        """Whether the sender can look up whether a message arrived (`Sender.find_sent`)."""
        return False

    @property
    def identity_domain(self) -> str:
        """The domain in the identity of each message."""
        return "news-watcher.invalid"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no record or answer may repeat."""
        return tuple(_list_secrets(value for _name, value in self))

    def resolve_paths(self, state_folder: Path) -> Self:
        """Return the options with relative paths resolved against the state folder."""
        return self


def _list_secrets(values: Iterator[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, tuple):
            yield from _list_secrets(iter(value))


class RetriedOptions(OptionsModel):
    """Options of a channel whose owner decides whether an uncertain message is sent again."""

    on_uncertain: UncertainPolicy = "resend"

    @property
    def resends_uncertain(self) -> bool:
        return self.on_uncertain == "resend"


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

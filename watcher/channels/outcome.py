"""What may become of a message, as the union that every sender answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeAlias

from watcher.model.digest import Channel, Delivery
from watcher.text.lines import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The other side took it; `ref` is what it calls the message."""

    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The other side will never take it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not now; nothing was handed over. `retry_after` is what the other side asked for.

    `down` tells that it is not about this message: nobody answers, or nothing is taken just now.
    """

    reason: str
    retry_after: timedelta | None = None
    down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The channel itself is refused before any message: its account, token, address or this machine.

    A person has to repair it; until then every other message of the channel would be refused as well.
    """

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """It was handed over, and the answer never came: perhaps it arrived."""

    reason: str


Outcome: TypeAlias = Sent | Refused | Deferred | Blocked | Uncertain


class Sender(Protocol):
    """A way out. It raises nothing for what the other side does."""

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        """Send one message; `thread` is what the other side called the digest's first part."""
        ...

    async def rest(self) -> None:
        """Let go of what was kept open between messages."""


def brief(said: object, limit: int = 200) -> str:
    """Put what a server said on one short line, for the record."""
    return one_line(said, limit)

"""What can become of a message: the closed union that senders return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from watcher.text.lines import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The server accepted the message; `ref` is the server's name for it."""

    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The server will never accept this message."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not accepted now, and not handed over. `retry_after` is how long the server asks to wait.

    `down` is set where this does not concern the one message: no server answers, or it accepts nothing at the moment.
    """

    reason: str
    retry_after: timedelta | None = None
    down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The channel itself is refused, before any message: its account, token, address or this machine.

    A person has to repair it; until then every other message of the channel would be refused as well.
    """

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """The message was handed over and no answer came: perhaps it arrived."""

    reason: str


SendOutcome: TypeAlias = Sent | Refused | Deferred | Blocked | Uncertain


def format_answer(answer: object, limit: int = 200) -> str:
    """Return a server's answer on one line of at most `limit` characters, without what cannot be printed."""
    return one_line(answer, limit)

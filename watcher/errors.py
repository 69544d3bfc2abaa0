"""What can go wrong here, as types that carry what a caller needs to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class WatcherError(Exception):
    """The parent of every fault that the watcher raises on purpose; its text is one line fit for a person."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a configuration file, at a place an editor can jump to."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(WatcherError):
    """The configuration cannot be used; `faults` holds every reason found, in file order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class RefusedEditError(ConfigError):
    """An edit of the configuration was not written: with it the configuration could not be used."""


class ConflictError(WatcherError):
    """What was to be edited is not what the editor saw: `current` is its text now, `proposed` what was to be written.

    Neither text holds a secret.
    """

    def __init__(self, what: str, name: str, current: str, proposed: str) -> None:
        self.what, self.name, self.current, self.proposed = what, name, current, proposed
        super().__init__(f"{what} {name!r} was changed after it was opened: nothing was saved")


class QueryError(WatcherError):
    """A topic query that cannot be read; `line` and `column` count from 1 inside the query text."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1, suggestion: str = "") -> None:
        self.message, self.line, self.column, self.suggestion = message, line, column, suggestion
        super().__init__(f"{line}:{column}: {self.explanation}")

    @property
    def explanation(self) -> str:
        """What is wrong, with the suggestion where there is one, and without the place."""
        return f"{self.message} ({self.suggestion})" if self.suggestion else self.message


class ParseError(WatcherError):
    """A document that is no feed; `kind` is a word for the poll history (`html`, `empty`, `not-feed`, ...)."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class TooCostlyError(ParseError):
    """A document that is beyond the bounds of reading; what is whole at its start may be within them."""


class StoreError(WatcherError):
    """The database cannot be reached, or is not the one this version expects."""


class ShardLostError(WatcherError):
    """A host may not be asked by this process: its shard is another's now, or may be."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        super().__init__(f"the hosts of shard {shard} are not this process's to ask")


class StorageFault(StrEnum):
    """Why the database can keep nothing for now, in words for a person who does not know where it is."""

    FULL = "the disk is full"
    READ_ONLY = "the disk or the database is read-only"
    AWAY = "the database does not answer"
    LOCKED = "another process keeps the database locked"
    BROKEN = "the disk reports errors"


class StorageError(StoreError):
    """The database can keep nothing for now, whatever it is asked for; `fault` says why, without saying where it is."""

    def __init__(self, message: str, fault: StorageFault) -> None:
        self.fault = fault
        super().__init__(message)


class NotFoundError(WatcherError):
    """Something was asked for by name that is not there; `what` and `name` say which."""

    def __init__(self, what: str, name: str, suggestion: str = "") -> None:
        self.what, self.name, self.suggestion = what, name, suggestion
        super().__init__(f"no {what} {name!r}" + (f"; did you mean {suggestion!r}?" if suggestion else ""))


class TooLongError(WatcherError):
    """What was asked for takes longer than one request may; asked again, it would take as long."""


class BusyError(WatcherError):
    """What was asked for is still being made ready; asked again after `retry_after` seconds, it may be there."""

    def __init__(self, message: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class UsageError(WatcherError):
    """What was asked for makes no sense as asked (a time that is no time, a cursor of another list)."""


class NoQueryError(UsageError):
    """Words were asked of a topic that sentences alone describe; `topic_id` says which."""

    def __init__(self, topic_id: str) -> None:
        self.topic_id = topic_id
        super().__init__(f"topic {topic_id!r} has no query: it finds by meaning alone")


class EncoderUnavailable(WatcherError):  # noqa: N818 - a state that passes, like a server that is away
    """No text can be encoded for now, whichever it is; asked again after `retry_after`, it may work."""

    def __init__(self, reason: str, retry_after: timedelta = timedelta(minutes=1)) -> None:
        self.reason, self.retry_after = reason, retry_after
        super().__init__(reason)


class EncoderFault(WatcherError):  # noqa: N818 - about texts, while the encoder is well
    """Some texts cannot be encoded while others can; `positions` are theirs in the list that was passed."""

    def __init__(self, reason: str, positions: tuple[int, ...]) -> None:
        self.reason, self.positions = reason, positions
        super().__init__(reason)


class TextServiceError(WatcherError):
    """A server for translations or summaries gave none; `reason` says why, without its address or key."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
